// How many items have each of some features, and how many items there are. What has no pages is counted by its
// relationships, which Neo4j knows without looking at them.
UNWIND $features AS id
MATCH (feature)
WHERE elementId(feature) = id
RETURN id, CASE
  WHEN feature:Entity THEN COUNT {
    MATCH (feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(item:Item)
    RETURN item
    UNION
    MATCH (feature)<--(:Entity)<-[:SAME_AS]-(item:Item)
    RETURN item
  }
  ELSE COUNT { (feature)<-[:BY]-() } + COUNT { (feature)<-[:IN_CATEGORY]-() } + COUNT { (feature)<-[:HAS_FEATURE]-() }
END AS items, COUNT { (:Item) } AS n_items
