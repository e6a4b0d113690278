// What somebody said an item is: that link alone, as sure as can be, whatever was there before.
// $rows: {item_id, uri, label}, label a guess for an entity that is new.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (entity:Entity {uri: row.uri})
ON CREATE SET entity.label = row.label
MERGE (item)-[same:SAME_AS]->(entity)
SET same.score = 1.0
SET item.not_same_as = [uri IN item.not_same_as WHERE uri <> row.uri]
WITH item, entity
MATCH (item)-[other:SAME_AS]->(wrong:Entity)
WHERE wrong <> entity
DELETE other
