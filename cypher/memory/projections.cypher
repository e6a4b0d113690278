// The projections in memory that kgrec made; their names tell whose they are.
CALL gds.graph.list() YIELD graphName AS name
WHERE name STARTS WITH 'kgrec-'
RETURN name
