// Let readers see no co-occurrence of a fit any more, where the run to be written is the current one and not whole.
MATCH (current:CurrentRun {kind: $kind, run_id: $run_id})
DELETE current
