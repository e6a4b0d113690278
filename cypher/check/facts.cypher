// Entities are tied by the fact types of kgrec only: nothing else names a type.
// Remedy: Remove the relationships of that type, in Browser, and see who else writes into this graph.
// fact_types: those that there may be; without them a type has to be in capitals.
WITH null AS fact_types
MATCH (head:Entity)-[fact]->(tail:Entity)
WHERE NOT type(fact) =~ '[A-Z][A-Z0-9_]*' OR NOT type(fact) IN fact_types
RETURN head.uri + ' ' + type(fact) + ' ' + tail.uri AS what
