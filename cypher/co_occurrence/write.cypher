// Tie each item to those that most of the same users chose, by the cosine over users, a batch of ties a transaction;
// nobody reads them before their run is the current one. The guard of GDS, which takes the users for items too, is passed
// over by sudo: co_occurrence/projection_memory has said already whether there is room.
// $job_id: by which GDS tells how far it is with comparing.
CALL gds.nodeSimilarity.stream(
  $graph_name, {similarityMetric: 'COSINE', topK: $neighbours, sudo: true, jobId: $job_id}
)
YIELD node1, node2, similarity
WITH gds.util.asNode(node1) AS item, gds.util.asNode(node2) AS neighbour, similarity
CALL (item, neighbour, similarity) {
  CREATE (item)-[:CO_OCCURS_WITH {cosine: similarity, fit: $fit, run: $run_id}]->(neighbour)
} IN TRANSACTIONS OF $batch ROWS
