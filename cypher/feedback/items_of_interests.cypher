// Some items of what people say they are interested in, the first by their ids, $most of each.
UNWIND $features AS id
MATCH (feature)
WHERE elementId(feature) = id
CALL (feature) {
  MATCH (feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(item:Item)
  RETURN item
  UNION
  MATCH (feature)<-[:SAME_AS]-(item:Item)
  RETURN item
  UNION
  MATCH (feature)<--(:Entity)<-[:SAME_AS]-(item:Item)
  RETURN item
}
WITH id, item.item_id AS item_id ORDER BY item_id
RETURN id AS feature, collect(item_id)[..$most] AS item_ids
