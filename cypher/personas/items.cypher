// Write a batch of items' vectors in the space of the personas, which nobody reads before their run is a current one.
// They are apart from the items: each fit has its own. $item_ids and $vectors go together, place by place.
UNWIND range(0, size($item_ids) - 1) AS place
MERGE (persona:ItemPersona {run_id: $run_id, item_id: $item_ids[place]})
WITH persona, place
CALL db.create.setNodeVectorProperty(persona, 'vector', $vectors[place])
