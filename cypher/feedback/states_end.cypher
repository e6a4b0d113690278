// End what is kept as the present persona of some users: now, or where it is of an earlier run, when that was replaced.
MATCH (current:CurrentRun {kind: 'personas'})
UNWIND $user_ids AS user_id
MATCH (:User {user_id: user_id})-[:HAD_PERSONA]->(state:PersonaState)
WHERE state.valid_to IS NULL
SET state.valid_to = CASE
  WHEN state.run_id = current.run_id THEN $now
  ELSE coalesce(current.since, $now)
END
