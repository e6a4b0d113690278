// An entity by its IRI, as project/features_named gives features.
MATCH (node:Entity {uri: $iri})
RETURN node.uri AS key, 'Entity' AS kind, coalesce(node.label, node.uri) AS name,
       COLLECT { MATCH (node)<-[:SAME_AS]-(item:Item) RETURN item.item_id ORDER BY item.item_id LIMIT 5 } AS item_ids
