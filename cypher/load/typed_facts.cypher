// Facts as typed relationships: row.type is of the allow-list in kgloader/dbpedia/vocabulary.py, never of the data.
UNWIND $rows AS row
MATCH (head:Entity {uri: row.head})
MATCH (tail:Entity {uri: row.tail})
MERGE (head)-[:$(row.type)]->(tail)
