// Persona vectors of one run, with the name of each user's strongest persona.
// $promoted: whether the run's vectors are in `persona` already; where it says no, they are there or in `persona_next`.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
WITH user, CASE
  WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run = $run_id THEN user.persona
END AS vector
WHERE vector IS NOT NULL
CALL (user) {
  OPTIONAL MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona {run_id: $run_id})
  RETURN persona
  ORDER BY membership.weight DESC, persona.persona_id
  LIMIT 1
}
RETURN user.user_id AS user_id, vector, persona.name AS persona
ORDER BY user.user_id
