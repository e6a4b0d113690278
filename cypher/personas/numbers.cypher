// Number of each user's strongest persona in the current run: what a persona's members are known by to the next run.
// Personas of an earlier kgrec have no number.
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index finds them
CALL (current, user) {
  MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona {run_id: current.run_id})
  RETURN persona.number AS number
  ORDER BY membership.weight DESC, persona.persona_id
  LIMIT 1
}
WITH user, number
WHERE number IS NOT NULL
RETURN user.user_id AS user_id, number
