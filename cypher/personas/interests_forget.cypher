// Remove the interests of other runs, a batch a transaction: those of earlier facts, and what a stopped write has left.
MATCH (:User)-[interest:INTERESTED_IN]->()
WHERE interest.run <> $run_id
CALL (interest) {
  DELETE interest
} IN TRANSACTIONS OF $batch ROWS
