// Keep the personas of the current run, which is to be replaced, in their users' histories, a batch of users a transaction.
// Who told something in that run has the present persona there already. No vector: none of another run compares with it.
// The $kept latest of a user stay. The name is for Neo4j Browser.
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WHERE user.persona_run = current.run_id AND NOT EXISTS {
  MATCH (user)-[:HAD_PERSONA]->(state:PersonaState {run_id: current.run_id})
  WHERE state.valid_to IS NULL
}
CALL (current, user) {
  MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona) // and not those to the drafts
  WITH current, user, membership, persona ORDER BY membership.weight DESC, persona.persona_id
  WITH current, user, collect(persona.name) AS personas, collect(membership.weight) AS weights
  CREATE (user)-[:HAD_PERSONA]->(:PersonaState {
    name: head(personas), personas: personas, weights: weights, run_id: current.run_id, valid_from: current.since
  })
  WITH user
  MATCH (user)-[:HAD_PERSONA]->(state:PersonaState)
  WITH state ORDER BY state.valid_to IS NULL DESC, state.valid_to DESC
  SKIP $kept
  DETACH DELETE state
} IN TRANSACTIONS OF $batch ROWS
RETURN true AS done
