// What project/user_blocks needs at least, in bytes, by GDS's estimate; each block numbers all nodes anew, and
// has buffers of its own (see project/personas).
// $blocks: how many.
WITH COUNT { (:User) } + COUNT { (:Item) } AS nodes, COUNT { ()-[:INTERACTED]->() } AS relationships
CALL gds.graph.project.estimate('*', '*', {nodeCount: nodes, relationshipCount: relationships}) YIELD bytesMin
RETURN bytesMin + 12 * nodes * ($blocks - 1) + 7000000 * $blocks AS bytes
