// Text embeddings of items, by the node ids that GDS streams, a batch at a time.
// made_of: hash of the model and the text; an embedding of unknown make goes by its item.
UNWIND $node_ids AS node_id
WITH node_id, gds.util.asNode(node_id) AS item
WHERE item.embedding IS NOT NULL
RETURN node_id, item.embedding AS embedding, coalesce(item.embedding_of, 'unknown, of ' + item.item_id) AS made_of
