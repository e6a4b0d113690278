// What load/core_projection and the k-core decomposition of it need at least, in bytes, by GDS's estimates.
WITH COUNT { (:User) } + COUNT { (:Item) } AS nodes, 2 * COUNT { ()-[:INTERACTED]->() } AS relationships
CALL gds.graph.project.estimate('*', '*', {nodeCount: nodes, relationshipCount: relationships})
YIELD bytesMin AS projection
CALL gds.kcore.stream.estimate(
  {nodeCount: nodes, relationshipCount: relationships, nodeProjection: '*', relationshipProjection: '*'}, {}
) YIELD bytesMin AS algorithm
RETURN projection + algorithm AS bytes
