// Items with the users who chose them in some splits, in the GDS catalog: what node similarity compares items by.
// Who chose an item again counts once. In the order of the items' ids, which settles ties.
MATCH (item:Item)
WHERE item.item_id IS NOT NULL // so that the key's index gives the order
CALL (item) {
  MATCH (item)<-[interaction:INTERACTED]-(user:User)
  WHERE interaction.split IN $splits
  RETURN DISTINCT user
}
WITH item, user ORDER BY item.item_id
WITH gds.graph.project(
  $graph_name, item, user,
  {sourceNodeLabels: ['Item'], targetNodeLabels: ['User'], relationshipType: 'CHOSEN_BY'},
  $resources
) AS projected
RETURN projected.nodeCount AS nodes
