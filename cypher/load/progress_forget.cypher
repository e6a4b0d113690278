// The load is complete, or the items have changed since: nothing to go on with.
MATCH (progress:LoadProgress {source: $source})
WHERE progress.load_id <> $keep
DELETE progress
