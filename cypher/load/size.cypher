// The size of the graph, by what a load fills.
RETURN COUNT { (:User) } AS User,
       COUNT { (:Item) } AS Item,
       COUNT { ()-[:INTERACTED]->() } AS INTERACTED,
       COUNT { (:Session) } AS Session
