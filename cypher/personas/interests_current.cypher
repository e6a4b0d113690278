// The run of INTERESTED_IN that readers see, how many were written of it, and whether all of them are there: a load can
// remove users.
MATCH (current:CurrentRun {kind: 'profiles'})
RETURN current.run_id AS run_id, current.interests AS interests,
       COUNT { (:User)-[:INTERESTED_IN {run: current.run_id}]->() } = current.interests AS whole
