// The vector index of a name, with what it covers.
SHOW VECTOR INDEXES YIELD name, labelsOrTypes, properties, options
WHERE name = $index
RETURN labelsOrTypes AS labels, properties, options.indexConfig AS config
