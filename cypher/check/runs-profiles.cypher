// The profiles are as many interests as were written, and of no other run.
// Remedy: Run `kgrec train personas` again.
CALL () {
  MATCH ()-[interest:INTERESTED_IN]->()
  RETURN interest.run AS run_id, count(*) AS found
  UNION ALL
  MATCH (current:CurrentRun {kind: 'profiles'})
  RETURN current.run_id AS run_id, -current.interests AS found
}
WITH run_id, sum(found) AS surplus
WHERE surplus <> 0
RETURN 'run ' + coalesce(run_id, 'none') + ': ' + abs(surplus) + CASE WHEN surplus > 0 THEN ' too many' ELSE ' missing' END
       AS what
