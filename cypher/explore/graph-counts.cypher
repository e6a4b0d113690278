// What is in the graph: nodes by label and relationships by type.
MATCH (node:!Lock) // who writes is not what is in it
UNWIND labels(node) AS name
RETURN 'node' AS kind, name, count(*) AS count
UNION
MATCH ()-[relationship]->()
RETURN 'relationship' AS kind, type(relationship) AS name, count(*) AS count
