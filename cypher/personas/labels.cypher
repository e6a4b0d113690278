// Readable names of feature nodes, by the node ids that GDS streams: entities by label, the rest by name.
UNWIND $node_ids AS node_id
WITH node_id, gds.util.asNode(node_id) AS feature
RETURN node_id, coalesce(feature.label, feature.name, feature.uri) AS label
