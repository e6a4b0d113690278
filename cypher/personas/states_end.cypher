// End what is kept as the present persona of a run that was replaced, a batch a transaction: when the current one took over.
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (state:PersonaState)
WHERE state.valid_to IS NULL AND state.run_id <> current.run_id
CALL (current, state) {
  SET state.valid_to = coalesce(current.since, datetime.realtime()) // an earlier kgrec noted none
} IN TRANSACTIONS OF $batch ROWS
