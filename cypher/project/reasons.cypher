// Why an item: the features it shares with items of the history, first what most of those have and few other items.
// As in a profile, a feature weighs the logarithm of one over its share of all items, here once for each item of the
// history that has it; what half of all items have in common is no reason.
// $rows: {item_id, history: [item_id]}
UNWIND range(0, size($rows) - 1) AS number
WITH number, $rows[number] AS row
MATCH (item:Item {item_id: row.item_id})
CALL (item, row) {
  MATCH (item)-[:BY|IN_CATEGORY|HAS_FEATURE]->(feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(own:Item)
  WHERE own.item_id IN row.history
  RETURN feature, count(DISTINCT own) AS shared
  UNION
  MATCH (item)-[:SAME_AS]->(:Entity)-->(feature:Entity)<--(:Entity)<-[:SAME_AS]-(own:Item)
  WHERE own.item_id IN row.history
  RETURN feature, count(DISTINCT own) AS shared
}
WITH feature, collect({number: number, shared: shared}) AS found // so that the items of a feature are counted once
WITH feature, found, toFloat(COUNT { (:Item) }) AS n_items, COUNT {
  MATCH (feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(item:Item)
  RETURN item
  UNION
  MATCH (feature)<--(:Entity)<-[:SAME_AS]-(item:Item)
  RETURN item
} AS items
WHERE items < n_items / 2
UNWIND found AS one
WITH one.number AS number, coalesce(feature.label, feature.name, feature.uri) AS name,
     one.shared * log(n_items / items) AS weight
ORDER BY number, weight DESC, name
RETURN number, collect(DISTINCT name)[..2] AS features
