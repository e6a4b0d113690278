"""A first load as the files of ``neo4j-admin database import``: the same graph as the loads over Bolt write."""
