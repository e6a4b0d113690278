// Items and the entities that a link file gives them; a link made by hand is certain, and an item may have several.
// $rows: {item_id, uri, label}, label a guess for an entity that is new.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (entity:Entity {uri: row.uri})
ON CREATE SET entity.label = row.label
MERGE (item)-[same:SAME_AS]->(entity)
ON CREATE SET same.score = 1.0
