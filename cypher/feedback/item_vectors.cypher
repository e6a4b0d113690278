// Vectors of some items in the space of one run's personas; items without one are left out.
UNWIND $item_ids AS item_id
MATCH (vector:ItemPersona {run_id: $run_id, item_id: item_id})
RETURN item_id, vector.vector AS vector
