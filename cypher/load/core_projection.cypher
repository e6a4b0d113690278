// Who met whom, undirected, in the GDS catalog, to find the k-core: all interactions count, whatever their split.
// A user counts an item once, however often they met; who met nobody is there as well, and outside every core.
MATCH (node:User|Item)
CALL (node) {
  OPTIONAL MATCH (node)-[:INTERACTED]->(item:Item)
  RETURN DISTINCT item
}
WITH node, item, $resources AS resources
WITH gds.graph.project(
  $graph_name, node, item,
  {relationshipType: 'INTERACTED'},
  resources {.*, undirectedRelationshipTypes: ['*']}
) AS projected
RETURN projected.nodeCount AS nodes, projected.relationshipCount AS relationships
