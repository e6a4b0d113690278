// Persona vectors, with the run that wrote them and the name of the strongest persona.
MATCH (user:User)
WHERE user.persona IS NOT NULL
OPTIONAL MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona)
WITH user, membership, persona
ORDER BY user.user_id, membership.weight DESC, persona.persona_id
RETURN user.user_id AS user_id, user.persona AS vector, user.persona_run AS run_id,
       head(collect(persona.name)) AS persona
ORDER BY user_id
