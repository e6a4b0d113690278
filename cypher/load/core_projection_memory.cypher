// What load/core_projection and the k-core decomposition of it need at least, in bytes, by GDS's estimates.
MATCH (user:User)
WITH count(user) AS users
MATCH (item:Item)
WITH users + count(item) AS nodes
MATCH ()-[interaction:INTERACTED]->()
WITH {nodeCount: nodes, relationshipCount: 2 * count(interaction), nodeProjection: '*', relationshipProjection: '*'}
  AS size
CALL gds.graph.project.estimate('*', '*', {nodeCount: size.nodeCount, relationshipCount: size.relationshipCount})
YIELD bytesMin AS projection
CALL gds.kcore.stream.estimate(size, {}) YIELD bytesMin AS algorithm
RETURN projection + algorithm AS bytes
