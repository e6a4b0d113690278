// The run whose vectors a fit of the evaluation reads: how many there were, and how many are there.
MATCH (current:CurrentRun {kind: $kind})
RETURN current.run_id AS run_id, current.users AS users, COUNT {
  MATCH (evaluation:EvaluationPersona {run_id: current.run_id})
  WHERE evaluation.user_id IS NOT NULL // so that the key's index finds them
} AS found
