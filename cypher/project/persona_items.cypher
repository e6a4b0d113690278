// Text embeddings of the items, with the node id that GDS streams.
MATCH (item:Item)
WHERE item.embedding IS NOT NULL
RETURN id(item) AS node_id, item.embedding AS embedding
ORDER BY item.item_id
