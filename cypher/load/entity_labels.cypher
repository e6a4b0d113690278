// Entities with their English labels.
UNWIND $rows AS row
MERGE (entity:Entity {uri: row.uri})
SET entity.label = row.label
