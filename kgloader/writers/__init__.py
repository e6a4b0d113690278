"""Records to the graph: batches that are whole or absent, splits, sessions, the k-core."""
