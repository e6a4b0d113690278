"""From raw files and endpoints into Neo4j: readers, linking, text embeddings, batched writes, the managed server."""
