// Relationships by type.
MATCH ()-[relationship]->()
RETURN type(relationship) AS type, count(*) AS relationships
ORDER BY relationships DESC, type
