// The run whose vectors a fit of the evaluation reads: how many of users and of items there were, and how many there are.
MATCH (current:CurrentRun {kind: $kind})
RETURN current.run_id AS run_id, current.users AS users, COUNT {
  MATCH (evaluation:EvaluationPersona {run_id: current.run_id})
  WHERE evaluation.user_id IS NOT NULL // so that the key's index finds them
} AS found, coalesce(current.items, 0) AS items, COUNT {
  MATCH (vector:ItemPersona {run_id: current.run_id})
  WHERE vector.item_id IS NOT NULL
} AS found_items
