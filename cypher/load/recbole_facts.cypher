// Triples whose relation is on the allow-list of kgloader/dbpedia/predicates.py: $rows carry only types from there.
UNWIND $rows AS row
MATCH (head:Entity {uri: row.head})
MATCH (tail:Entity {uri: row.tail})
MERGE (head)-[:$(row.type)]->(tail)
