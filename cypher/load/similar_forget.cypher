// Remove the neighbours of other runs: those of earlier embeddings, and what a stopped load has left.
MATCH (:Item)-[similar:SIMILAR_TO]->(:Item)
WHERE similar.run IS NULL OR similar.run <> $run_id
CALL (similar) {
  DELETE similar
} IN TRANSACTIONS OF 10000 ROWS
