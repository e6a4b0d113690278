// One type of a projection, many relationships a record: a record each would cost thirty times as much.
// $parts: the relationships are asked for in so many parts, by their sources, of which this is $part; $records: of a part.
CALL gds.graph.relationships.stream($graph_name, [$type])
YIELD sourceNodeId, targetNodeId
WHERE sourceNodeId % $parts = $part
WITH sourceNodeId / $parts % $records AS record, collect(sourceNodeId) AS sources, collect(targetNodeId) AS targets
RETURN sources, targets
