// Make a run of SIMILAR_TO the one that readers see.
MERGE (current:CurrentRun {kind: 'similar_to'})
SET current.name = 'similar_to', current.run_id = $run_id
