// Literals of entities: the year a work came out, its pages, its runtime in minutes; what a row does not say stays.
UNWIND $rows AS row
MATCH (entity:Entity {uri: row.uri})
SET entity += row.properties
