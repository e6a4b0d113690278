// Vectors of the items in the space of one run's personas.
MATCH (vector:ItemPersona {run_id: $run_id})
WHERE vector.item_id IS NOT NULL // so that the key's index gives the order
RETURN vector.item_id AS item_id, vector.vector AS vector
ORDER BY item_id
