// The entities of a batch of triples; row.label is a guess for those that are new.
UNWIND $rows AS row
MERGE (entity:Entity {uri: row.uri})
ON CREATE SET entity.label = row.label
