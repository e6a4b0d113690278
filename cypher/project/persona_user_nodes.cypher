// Users behind the node ids that GDS streams, a batch at a time.
UNWIND $node_ids AS node_id
RETURN node_id, gds.util.asNode(node_id).user_id AS user_id
