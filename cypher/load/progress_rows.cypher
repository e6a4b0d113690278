// How far an interrupted load of a file came, and the checksum of the lines up to there.
MATCH (progress:LoadProgress {load_id: $load_id})
RETURN progress.rows AS rows, progress.checksum AS checksum
