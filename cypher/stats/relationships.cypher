// How many relationships there are of each type.
MATCH ()-[relationship]->()
RETURN type(relationship) AS type, count(*) AS relationships
ORDER BY relationships DESC, type
