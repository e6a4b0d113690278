// Remove the items' vectors that belong to no current run, a batch of them a transaction.
MATCH (vector:ItemPersona)
WHERE NOT EXISTS { (:CurrentRun {run_id: vector.run_id}) }
CALL (vector) {
  DELETE vector
} IN TRANSACTIONS OF $batch ROWS
