// Links of items to entities, with the score of each.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (entity:Entity {uri: row.uri})
MERGE (item)-[same:SAME_AS]->(entity)
SET same.score = row.score
