// Users with the items that they chose in some splits, in the GDS catalog, the users dealt to blocks by their node ids.
// A block's interactions are a relationship type, named by its number, so that it is streamed without the others.
// Who chose an item again counts once.
// $graph_name: name in the catalog; $splits: of interactions; $blocks: how many.
MATCH (source:User)
WITH source, toString(toInteger(split(elementId(source), ':')[2]) % $blocks) AS block
CALL (source) {
  MATCH (source)-[interaction:INTERACTED]->(target:Item)
  WHERE interaction.split IN $splits
  RETURN DISTINCT target
}
WITH gds.graph.project(
  $graph_name, source, target,
  {sourceNodeLabels: ['User'], targetNodeLabels: ['Item'], relationshipType: block},
  $resources
) AS projected
RETURN projected.nodeCount AS nodes
