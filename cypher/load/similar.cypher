// Nearest items by their embeddings, found by GDS, which names nodes by numbers; the score is the cosine.
UNWIND $rows AS row
WITH row, gds.util.asNode(row.item) AS item, gds.util.asNode(row.neighbour) AS neighbour
CREATE (item)-[:SIMILAR_TO {score: row.score, run: $run_id}]->(neighbour)
