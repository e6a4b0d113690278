// Vectors of the items in the space of one run's personas.
MATCH (persona:ItemPersona {run_id: $run_id})
WHERE persona.item_id IS NOT NULL // so that the key's index gives the order
RETURN persona.item_id AS item_id, persona.vector AS vector
ORDER BY persona.run_id, persona.item_id
