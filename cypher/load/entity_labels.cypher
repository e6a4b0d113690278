// Entities with their labels: the fetched one, else the one that is there, else a guess.
UNWIND $rows AS row
MERGE (entity:Entity {uri: row.uri})
SET entity.label = coalesce(row.label, entity.label, row.guess)
