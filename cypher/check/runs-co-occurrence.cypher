// The co-occurrence of each fit is as many relationships as were written, and of no other run.
// Remedy: Run `kgrec train personas` again.
CALL () {
  MATCH ()-[tie:CO_OCCURS_WITH]->()
  RETURN tie.run AS run_id, count(*) AS found
  UNION ALL
  MATCH (current:CurrentRun)
  WHERE current.kind STARTS WITH 'co-occurrence of '
  RETURN current.run_id AS run_id, -current.ties AS found
}
WITH run_id, sum(found) AS surplus
WHERE surplus <> 0
RETURN 'run ' + coalesce(run_id, 'none') + ': ' + abs(surplus) + CASE WHEN surplus > 0 THEN ' too many' ELSE ' missing' END
       AS what
