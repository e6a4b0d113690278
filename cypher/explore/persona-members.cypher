// The users who belong most to a persona; without one, to the largest.
WITH null AS persona_id
MATCH (persona:Persona)
WHERE persona_id IS NULL OR persona.persona_id = persona_id
WITH persona ORDER BY persona.size DESC, persona.persona_id LIMIT 1
MATCH (persona)<-[membership:HAS_PERSONA]-(user:User)
RETURN persona.name AS persona, user.user_id AS user_id, round(membership.weight, 3) AS weight,
       COUNT { (user)-[:INTERACTED]->() } AS interactions
ORDER BY weight DESC, user_id
LIMIT 25
