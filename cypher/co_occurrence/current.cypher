// The run of CO_OCCURS_WITH that a fit reads, and how many relationships were written of it.
MATCH (current:CurrentRun {kind: $kind})
RETURN current.run_id AS run_id, current.ties AS ties
