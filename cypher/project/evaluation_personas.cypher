// Persona vectors of one run of the validation or test fit, with the name of each user's strongest persona.
MATCH (evaluation:EvaluationPersona {run_id: $run_id})
WHERE evaluation.user_id IS NOT NULL // so that the key's index gives the order
RETURN evaluation.user_id AS user_id, evaluation.vector AS vector, evaluation.persona AS persona
ORDER BY evaluation.run_id, evaluation.user_id
