// Make a run of CO_OCCURS_WITH the one that a fit reads, at one instant.
// Nothing happens if other relationships are there than were written: somebody else interfered.
OPTIONAL MATCH ()-[tie:CO_OCCURS_WITH {run: $run_id}]->()
WITH count(tie) AS ties
WHERE ties = $ties
MERGE (current:CurrentRun {kind: $kind})
SET current.name = $kind, current.run_id = $run_id, current.ties = ties
