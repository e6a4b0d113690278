// What each embedding was made of, in a fixed order: together they name a run of SIMILAR_TO.
MATCH (item:Item)
WHERE item.embedding_of IS NOT NULL
RETURN item.item_id AS item_id, item.embedding_of AS embedding_of
ORDER BY item_id
