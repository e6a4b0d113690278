// Items with their embeddings in the GDS catalog, without relationships: the nodes that kNN compares.
MATCH (item:Item)
WHERE item.embedding IS NOT NULL
WITH gds.graph.project(
  $graph_name, item, null,
  {
    sourceNodeLabels: ['Item'], targetNodeLabels: null,
    sourceNodeProperties: {embedding: item.embedding}, targetNodeProperties: null
  },
  $resources
) AS projected
RETURN projected.nodeCount AS nodes
