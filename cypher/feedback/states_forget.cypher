// Forget all but the $kept latest personas of some users.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  MATCH (user)-[:HAD_PERSONA]->(state:PersonaState)
  RETURN state ORDER BY state.valid_to IS NULL DESC, state.valid_to DESC
  SKIP $kept
}
DETACH DELETE state
