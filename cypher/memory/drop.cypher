// Drop projections whose owners are gone, from the server's memory.
UNWIND $names AS name
CALL gds.graph.drop(name, false) YIELD graphName
RETURN graphName
