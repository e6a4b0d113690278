// Remove the vectors of a fit that belong to no current run, a batch of users a transaction.
MATCH (evaluation:EvaluationPersona {fit: $fit})
WHERE NOT EXISTS { (:CurrentRun {kind: $kind, run_id: evaluation.run_id}) }
CALL (evaluation) {
  DELETE evaluation
} IN TRANSACTIONS OF $batch ROWS
