// Text embeddings, with the hash of the model and the text that they were made of.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
CALL db.create.setNodeVectorProperty(item, 'embedding', row.embedding)
SET item.embedding_of = row.embedding_of
