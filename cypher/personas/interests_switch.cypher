// Make a run of INTERESTED_IN the one that readers see, at one instant.
// Nothing happens if other relationships are there than were written: somebody else interfered.
OPTIONAL MATCH (:User)-[interest:INTERESTED_IN {run: $run_id}]->()
WITH count(interest) AS interests
WHERE interests = $interests
MERGE (current:CurrentRun {kind: 'profiles'})
SET current.name = 'profiles', current.run_id = $run_id, current.interests = interests
