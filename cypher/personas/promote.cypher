// Move the current run's vectors to where the vector index looks for them, a batch of users a transaction.
MATCH (user:User)
WHERE user.persona_next_run = $run_id
CALL (user) {
  CALL db.create.setNodeVectorProperty(user, 'persona', user.persona_next)
  SET user.persona_run = user.persona_next_run
  REMOVE user.persona_next, user.persona_next_run
} IN TRANSACTIONS OF $batch ROWS
RETURN true AS done
