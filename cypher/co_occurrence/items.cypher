// How many items there are: by it an item's nearest are limited. Neo4j keeps count of them.
MATCH (item:Item)
RETURN count(item) AS items
