// Remove the items' vectors that belong to no current run, a batch of them a transaction.
MATCH (current:CurrentRun)
WITH collect(coalesce(current.items_run, current.run_id)) AS runs
MATCH (vector:ItemPersona)
WHERE NOT vector.run_id IN runs
CALL (vector) {
  DELETE vector
} IN TRANSACTIONS OF $batch ROWS
