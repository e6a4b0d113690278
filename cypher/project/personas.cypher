// The graph that personas are learned from, projected into the GDS catalog.
// Training interactions only: validation and test interactions never enter, nor do Sessions (they hold all three).
// $graph_name: name in the catalog; $types: the relationship types that the meta-paths walk.
CALL () {
  MATCH (source:User)-[interaction:INTERACTED]->(target:Item)
  WHERE interaction.split = 'train'
  RETURN DISTINCT source, target, 'INTERACTED' AS kind
  UNION ALL
  MATCH (source:Item)-[fact]->(target:Item|Category|Brand|Author|Entity)
  WHERE type(fact) IN $types
  RETURN DISTINCT source, target, type(fact) AS kind
  UNION ALL
  MATCH (source:Entity)-[fact]->(target:Entity)
  WHERE type(fact) IN $types
  RETURN DISTINCT source, target, type(fact) AS kind
}
WITH gds.graph.project(
  $graph_name, source, target,
  {sourceNodeLabels: labels(source), targetNodeLabels: labels(target), relationshipType: kind}
) AS projected
RETURN projected.nodeCount AS nodes, projected.relationshipCount AS relationships
