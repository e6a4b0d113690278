"""The ready queries on the graph, for the terminal and for Neo4j Browser."""
