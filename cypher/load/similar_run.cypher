// The run of SIMILAR_TO that readers see.
MATCH (current:CurrentRun {kind: 'similar_to'})
RETURN current.run_id AS run_id
