// The entities of a batch of triples.
UNWIND $rows AS uri
MERGE (:Entity {uri: uri})
