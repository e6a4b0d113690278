// Users behind the node ids that GDS streams, a batch at a time, in their order; '' of a user who is gone.
UNWIND $node_ids AS node_id
RETURN collect(coalesce(gds.util.asNode(node_id).user_id, '')) AS user_ids
