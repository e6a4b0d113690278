// What project/personas needs at least, in bytes, by GDS's estimate and the buffers of each relationship type, which
// the estimate leaves out: 6.5 MB a type, however small the graph.
// $types: the relationship types that are walked; $splits: of interactions, each a type of its own;
// $co_occurrence: {fit, run_id} of what is wanted of CO_OCCURS_WITH.
OPTIONAL MATCH ()-[fact:$any($types)]->()
WITH count(fact) AS facts
OPTIONAL MATCH (run:CurrentRun)
WHERE run.run_id IN [current IN $co_occurrence | current.run_id]
WITH facts, coalesce(sum(run.ties), 0) AS ties
WITH facts + ties + COUNT { ()-[:INTERACTED]->() } AS relationships,
     COUNT { (:User) } + COUNT { (:Item) } + COUNT { (:Category) } + COUNT { (:Brand) } + COUNT { (:Author) }
     + COUNT { (:Entity) } AS nodes
CALL gds.graph.project.estimate('*', '*', {nodeCount: nodes, relationshipCount: relationships}) YIELD bytesMin
RETURN bytesMin + 7000000 * (size($types) + size($splits) + size($co_occurrence)) AS bytes
