// Some items with their text embeddings, where they have one.
UNWIND $item_ids AS item_id
MATCH (item:Item {item_id: item_id})
RETURN item_id, elementId(item) AS node_id, item.embedding AS embedding
