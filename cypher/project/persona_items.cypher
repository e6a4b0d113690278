// Items behind the node ids that GDS streams, a batch at a time, with their text embeddings where they have one.
// made_of: hash of the model and the text; an embedding of unknown make goes by its item.
UNWIND $node_ids AS node_id
WITH node_id, gds.util.asNode(node_id) AS item
WHERE item:Item
RETURN node_id, item.item_id AS item_id, item.embedding AS embedding, CASE
  WHEN item.embedding IS NULL THEN ''
  ELSE coalesce(item.embedding_of, 'unknown, of ' + item.item_id)
END AS made_of
