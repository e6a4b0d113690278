// How many users and items there are. Neo4j keeps count of them.
RETURN COUNT { (:User) } AS users, COUNT { (:Item) } AS items
