"""Interactions of a size that one machine does not read: a Spark job writes them by the Neo4j Connector for Spark."""
