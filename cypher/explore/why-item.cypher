// Why an item for a user: what it shares with the user's items. Without ids, the most active user and their last item.
// First what most of those items have and few others; items: the user's that have it; of_all: all that have it.
WITH null AS user_id, null AS item_id
MATCH (user:User)
WHERE user_id IS NULL OR user.user_id = user_id
WITH item_id, user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
OPTIONAL MATCH (user)-[visit:INTERACTED]->(last:Item)
WITH item_id, user, last
ORDER BY visit.timestamp DESC, visit.tie DESC, visit.position DESC, last.item_id DESC LIMIT 1
MATCH (item:Item)
WHERE item.item_id = coalesce(item_id, last.item_id)
CALL (user, item) {
  MATCH (item)-[:BY|IN_CATEGORY]->(feature)<-[:BY|IN_CATEGORY]-(own:Item)<-[:INTERACTED]-(user)
  WHERE own <> item
  RETURN feature, own
  UNION
  MATCH (item)-[:SAME_AS]->(:Entity)-->(feature:Entity)<--(:Entity)<-[:SAME_AS]-(own:Item)<-[:INTERACTED]-(user)
  WHERE own <> item
  RETURN feature, own
}
WITH item, feature, own ORDER BY own.title, own.item_id
WITH item, feature, count(DISTINCT own) AS items, collect(DISTINCT coalesce(own.title, own.item_id)) AS own
WITH item, feature, items, own, toFloat(COUNT { (:Item) }) AS n_items, COUNT {
  MATCH (feature)<-[:BY|IN_CATEGORY]-(other:Item)
  RETURN other
  UNION
  MATCH (feature)<--(:Entity)<-[:SAME_AS]-(other:Item)
  RETURN other
} AS of_all
RETURN coalesce(item.title, item.item_id) AS item, labels(feature)[0] AS kind,
       coalesce(feature.label, feature.name) AS shared, items, of_all, own[..3] AS among
ORDER BY items * log(n_items / of_all) DESC, shared, kind
LIMIT 20
