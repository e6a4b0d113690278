// Items and the entities that a link file gives them; a link made by hand is certain.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (entity:Entity {uri: row.uri})
MERGE (item)-[same:SAME_AS]->(entity)
ON CREATE SET same.score = 1.0
