// Why an item for a user: what it shares with the user's items. Without ids, the most active user and their last item.
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
WITH item, feature, collect(DISTINCT coalesce(own.title, own.item_id)) AS own, COUNT { (feature)<--() } AS degree
RETURN coalesce(item.title, item.item_id) AS item, labels(feature)[0] AS kind,
       coalesce(feature.label, feature.name) AS shared, size(own) AS items, own[..3] AS among
ORDER BY degree, items DESC
LIMIT 20
