// Let readers see no profiles any more, where the run to be written is the current one and not whole.
MATCH (current:CurrentRun {kind: 'profiles', run_id: $run_id})
DELETE current
