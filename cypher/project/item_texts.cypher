// Text embeddings of the items that have one, with the hash of what they were made of.
MATCH (item:Item)
WHERE item.item_id IS NOT NULL // so that the key's index gives the order: embeddings are too large to be sorted
  AND item.embedding IS NOT NULL
RETURN item.item_id AS item_id, item.embedding AS embedding, item.embedding_of AS embedding_of
ORDER BY item.item_id
