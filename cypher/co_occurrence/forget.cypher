// Remove a fit's ties of other runs, a batch a transaction: of earlier interactions, and what a stopped write has left.
MATCH ()-[tie:CO_OCCURS_WITH {fit: $fit}]->()
WHERE tie.run <> $run_id
CALL (tie) {
  DELETE tie
} IN TRANSACTIONS OF $batch ROWS
