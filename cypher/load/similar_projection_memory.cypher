// What load/similar_projection and the nearest neighbours in it need at least, in bytes, by GDS's estimates, which know
// nothing of the embeddings' length: eight bytes a number.
OPTIONAL MATCH (example:Item)
WHERE example.embedding IS NOT NULL
WITH COUNT { (:Item) } AS items, coalesce(size(example.embedding), 0) AS dimensions
LIMIT 1
CALL gds.graph.project.estimate('*', '*', {nodeCount: items, relationshipCount: 0}) YIELD bytesMin AS projection
CALL gds.knn.stream.estimate(
  {nodeCount: items, relationshipCount: 0, nodeProjection: '*', relationshipProjection: '*'},
  {nodeProperties: ['embedding'], topK: 10, sampleRate: 1.0, concurrency: 1}
) YIELD bytesMin AS algorithm
RETURN projection + algorithm + 8 * items * dimensions AS bytes
