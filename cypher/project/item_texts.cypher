// Text embeddings of the items that have one.
MATCH (item:Item)
WHERE item.embedding IS NOT NULL
RETURN item.item_id AS item_id, item.embedding AS embedding
ORDER BY item_id
