// How far an interrupted load of this very file came.
MATCH (progress:LoadProgress {load_id: $load_id})
RETURN progress.rows AS rows
