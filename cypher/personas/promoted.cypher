// Note that all vectors of the current run are where the vector index looks for them.
MATCH (current:CurrentRun {kind: 'personas', run_id: $run_id})
SET current.promoted = true
