"""Unsupervised personas: GDS projection to tensors, HDGI, training, write-back to Neo4j, naming; and profiles."""
