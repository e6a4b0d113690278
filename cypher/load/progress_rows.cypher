// How far an interrupted load of a file came, and what the lines up to there held.
MATCH (progress:LoadProgress {load_id: $load_id})
RETURN progress.rows AS rows, progress.digest AS digest
