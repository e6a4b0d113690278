// Make a run the one that a fit of the evaluation reads, at one instant.
// $summed says whether a user's vector is of the direction of the sum of the items' vectors.
// Nothing happens if other users or items are there than were written: somebody else interfered.
WITH COUNT {
  MATCH (evaluation:EvaluationPersona {run_id: $run_id})
  WHERE evaluation.user_id IS NOT NULL // so that the key's index finds them
} AS users, COUNT {
  MATCH (vector:ItemPersona {run_id: $run_id})
  WHERE vector.item_id IS NOT NULL
} AS items
WHERE users = $users AND items = $items
MERGE (current:CurrentRun {kind: $kind})
SET current.name = $kind, current.run_id = $run_id, current.users = users, current.items = items,
    current.summed = $summed
