"""The managed Neo4j: a real server on loopback that needs nothing but Python packages."""
