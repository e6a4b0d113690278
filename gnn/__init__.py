"""Unsupervised personas: GDS projection to tensors, training, write-back to Neo4j, naming; and profiles."""
