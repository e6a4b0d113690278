// The personas of the validation and the test fit are as many as were written, and of no other run or fit.
// Remedy: Run `kgrec train personas` again.
CALL () {
  MATCH (vector:EvaluationPersona)
  RETURN 'evaluation personas of ' + vector.fit AS kind, vector.run_id AS run_id, count(*) AS found
  UNION ALL
  MATCH (current:CurrentRun)
  WHERE current.kind STARTS WITH 'evaluation personas of '
  RETURN current.kind AS kind, current.run_id AS run_id, -current.users AS found
}
WITH kind, run_id, sum(found) AS surplus
WHERE surplus <> 0
RETURN coalesce(kind, 'no fit') + ', run ' + run_id + ': ' + abs(surplus) +
       CASE WHEN surplus > 0 THEN ' too many' ELSE ' missing' END AS what
