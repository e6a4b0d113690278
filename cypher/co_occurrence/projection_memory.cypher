// What co_occurrence/projection and the node similarity of it need at least, in bytes, by GDS's estimates.
// $neighbours: of an item at most.
WITH COUNT { MATCH (user:User) WHERE (user)-[:INTERACTED]->() } + COUNT { (:Item) } AS nodes, COUNT { ()-[:INTERACTED]->() } AS relationships
CALL gds.graph.project.estimate('*', '*', {nodeCount: nodes, relationshipCount: relationships})
YIELD bytesMin AS projection
CALL gds.nodeSimilarity.stream.estimate(
  {nodeCount: nodes, relationshipCount: relationships, nodeProjection: '*', relationshipProjection: '*'},
  {topK: $neighbours}
) YIELD bytesMin AS algorithm
RETURN projection + algorithm AS bytes
