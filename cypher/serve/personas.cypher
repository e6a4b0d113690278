// Personas of one run as memberships name them, in the order of their ids, and of how many a user is a member, as any
// member tells: for when the graph is away.
MATCH (persona:Persona {run_id: $run_id})
RETURN persona.persona_id AS persona_id, persona.name AS name, persona.vector AS vector, head(COLLECT {
  MATCH (persona)<-[:HAS_PERSONA]-(user:User)
  WITH user LIMIT 1
  RETURN COUNT { (user)-[:HAS_PERSONA]->(:Persona) }
}) AS per_user
ORDER BY persona_id
