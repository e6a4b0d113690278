// Neighbours of earlier embeddings.
MATCH (:Item)-[similar:SIMILAR_TO]->(:Item)
DELETE similar
