// Make a run the one that a fit of the evaluation reads, at one instant.
// Nothing happens if other users are there than were written: somebody else interfered.
MATCH (evaluation:EvaluationPersona {run_id: $run_id})
WHERE evaluation.user_id IS NOT NULL // so that the key's index finds them
WITH count(*) AS users
WHERE users = $users
MERGE (current:CurrentRun {kind: $kind})
SET current.name = $kind, current.run_id = $run_id, current.users = users
