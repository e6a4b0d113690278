"""Neo4j: the connection, the statements by name, the schema."""
