// Triples with any other relation, which is kept as a property.
UNWIND $rows AS row
MATCH (head:Entity {uri: row.head})
MATCH (tail:Entity {uri: row.tail})
MERGE (head)-[:RELATED_TO {predicate: row.predicate}]->(tail)
