// The load is complete, or the file has changed since: nothing to go on with.
MATCH (progress:LoadProgress {source: $source})
WHERE progress.load_id <> $keep
DELETE progress
