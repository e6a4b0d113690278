// Links of items to entities: an item keeps the surest that it was ever given, and of equals the one it has.
// $rows: {item_id, uri, label, score}, label a guess for an entity that is new; of an item's rows the surest counts,
// of equals the first.
UNWIND range(0, size($rows) - 1) AS place
WITH place, $rows[place] AS row
ORDER BY row.score DESC, place
WITH row.item_id AS item_id, head(collect(row)) AS row
MATCH (item:Item {item_id: item_id})
OPTIONAL MATCH (item)-[given:SAME_AS]->(:Entity)
WITH item, row, max(given.score) AS surest
CALL (item, row, surest) {
  WITH item, row
  WHERE surest IS NULL OR row.score > surest
  MERGE (entity:Entity {uri: row.uri})
  ON CREATE SET entity.label = row.label
  MERGE (item)-[same:SAME_AS]->(entity)
  SET same.score = row.score
}
WITH item, CASE WHEN row.score > surest THEN row.score ELSE coalesce(surest, row.score) END AS surest
MATCH (item)-[less_sure:SAME_AS]->(:Entity)
WHERE less_sure.score < surest
DELETE less_sure
