// Keys of the nodes behind the ids that GDS streams, a batch at a time, in their order, as project/step_of_path gives them;
// '' of what is no feature.
UNWIND $node_ids AS node_id
WITH gds.util.asNode(node_id) AS node
RETURN collect(CASE
  WHEN node:Item THEN 'Item ' + node.item_id
  WHEN node:Entity THEN node.uri
  ELSE coalesce(node.key, labels(node)[0] + ' ' + node.name, '')
END) AS keys
