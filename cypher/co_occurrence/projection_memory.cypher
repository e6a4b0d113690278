// What co_occurrence/projection and the node similarity of it need at least, in bytes, by GDS's estimates.
// Nearest ones are kept for the items alone: users are the ends of relationships, which are compared.
// $neighbours: of an item at most.
WITH COUNT { MATCH (user:User) WHERE (user)-[:INTERACTED]->() } AS users, COUNT { (:Item) } AS items,
     COUNT { ()-[:INTERACTED]->() } AS relationships
CALL gds.graph.project.estimate('*', '*', {nodeCount: users + items, relationshipCount: relationships})
YIELD bytesMin AS projection
CALL gds.nodeSimilarity.stream.estimate(
  {nodeCount: items, relationshipCount: relationships, nodeProjection: '*', relationshipProjection: '*'},
  {topK: $neighbours}
) YIELD bytesMin AS algorithm
RETURN projection + algorithm AS bytes
