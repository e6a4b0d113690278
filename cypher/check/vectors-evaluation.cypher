// Personas of the validation and the test fit have the dimensions of their run, finite numbers, and length 1 (or 0).
// Remedy: Run `MATCH (c:CurrentRun) WHERE c.kind STARTS WITH 'evaluation' DELETE c` in Browser, then `kgrec train personas`.
MATCH (current:CurrentRun)
WHERE current.kind STARTS WITH 'evaluation personas of '
CALL (current) {
  MATCH (vector:EvaluationPersona {run_id: current.run_id})
  WHERE vector.user_id IS NOT NULL // so that the key's index finds them
  WITH size(vector.vector) AS dimensions, count(*) AS vectors ORDER BY vectors DESC, dimensions
  RETURN head(collect(dimensions)) AS dimensions
}
MATCH (vector:EvaluationPersona {run_id: current.run_id})
WHERE vector.user_id IS NOT NULL
WITH current, dimensions, vector, reduce(sum = 0.0, number IN vector.vector | sum + number * number) AS square
WHERE coalesce(size(vector.vector) <> dimensions, true) OR NOT (abs(square - 1) < 0.001 OR square = 0.0)
RETURN current.kind + ', user ' + vector.user_id + ': ' + coalesce(size(vector.vector), 'no') + ' dimensions, length '
     + coalesce(round(sqrt(square), 3), 'unknown') AS what
