// Why an item: the features it shares with items of the history, the rarest first.
// $rows: {item_id, history: [item_id]}
UNWIND range(0, size($rows) - 1) AS number
WITH number, $rows[number] AS row
MATCH (item:Item {item_id: row.item_id})
CALL (item, row) {
  MATCH (item)-[:BY|IN_CATEGORY]->(feature)<-[:BY|IN_CATEGORY]-(own:Item)
  WHERE own.item_id IN row.history
  RETURN feature, count(DISTINCT own) AS shared
  UNION
  MATCH (item)-[:SAME_AS]->(:Entity)-->(feature:Entity)<--(:Entity)<-[:SAME_AS]-(own:Item)
  WHERE own.item_id IN row.history
  RETURN feature, count(DISTINCT own) AS shared
}
WITH number, feature, shared, COUNT { (feature)<--() } AS degree
ORDER BY number, degree, shared DESC, coalesce(feature.label, feature.name, feature.uri)
RETURN number, collect(DISTINCT coalesce(feature.label, feature.name, feature.uri))[..2] AS features
