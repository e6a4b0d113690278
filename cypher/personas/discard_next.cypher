// Remove the vectors that an interrupted write-back left, a batch of users a transaction.
MATCH (user:User)
WHERE user.persona_next_run IS NOT NULL
CALL (user) {
  REMOVE user.persona_next, user.persona_next_run
} IN TRANSACTIONS OF $batch ROWS
RETURN true AS done
