// Nearest items by their embeddings; the score is the cosine.
UNWIND $rows AS row
MATCH (item:Item) WHERE id(item) = row.item
MATCH (neighbour:Item) WHERE id(neighbour) = row.neighbour
CREATE (item)-[:SIMILAR_TO {score: row.score}]->(neighbour)
