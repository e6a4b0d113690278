// What the users of one block chose, a row a user.
// $graph_name: name in the catalog; $block: the relationship type of the block.
CALL gds.graph.relationships.stream($graph_name, [$block]) YIELD sourceNodeId, targetNodeId
RETURN sourceNodeId AS user, collect(targetNodeId) AS items
