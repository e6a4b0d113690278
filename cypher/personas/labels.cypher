// Readable names of feature nodes: entities by label, the rest by name.
MATCH (feature) WHERE id(feature) IN $node_ids
RETURN id(feature) AS node_id, coalesce(feature.label, feature.name, feature.uri) AS label
