// Write a batch of items' vectors in the space of the personas, which nobody reads before their run is a current one.
// They are apart from the items: each fit has its own.
UNWIND $rows AS row
MERGE (vector:ItemPersona {run_id: $run_id, item_id: row.item_id})
WITH vector, row
CALL db.create.setNodeVectorProperty(vector, 'vector', row.vector)
