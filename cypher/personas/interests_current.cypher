// The run of INTERESTED_IN that readers see, and whether all that was written of it is there: a load can remove users.
MATCH (current:CurrentRun {kind: 'profiles'})
RETURN current.run_id AS run_id,
       COUNT { (:User)-[:INTERESTED_IN {run: current.run_id}]->() } = current.interests AS whole
