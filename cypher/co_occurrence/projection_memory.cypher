// What co_occurrence/projection and the node similarity of it need at least, in bytes, by GDS's estimates.
// $neighbours: of an item at most.
MATCH (user:User)
WITH count(user) AS users
MATCH (item:Item)
WITH users + count(item) AS nodes
MATCH ()-[interaction:INTERACTED]->()
WITH {nodeCount: nodes, relationshipCount: count(interaction), nodeProjection: '*', relationshipProjection: '*'} AS size
CALL gds.graph.project.estimate('*', '*', {nodeCount: size.nodeCount, relationshipCount: size.relationshipCount})
YIELD bytesMin AS projection
CALL gds.nodeSimilarity.stream.estimate(size, {topK: $neighbours}) YIELD bytesMin AS algorithm
RETURN projection + algorithm AS bytes
