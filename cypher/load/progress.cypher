// How many lines of a file are in the graph, and their checksum; written in the transaction of the batch that ends there.
MERGE (progress:LoadProgress {load_id: $load_id})
SET progress.source = $source, progress.rows = $rows, progress.checksum = $checksum
