// Why an item, as a picture: paths from a user through own items, by shared entities, and those it was chosen with.
// For Browser's graph view.
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
  MATCH path = (user)-[:INTERACTED]->(own:Item)-[:SAME_AS]->(:Entity)-->(:Entity)<--(:Entity)<-[:SAME_AS]-(item)
  WHERE own <> item
  RETURN path
  LIMIT 25
  UNION
  MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
  MATCH (item)-[tie:CO_OCCURS_WITH {run: current.run_id}]->(own:Item)
  WHERE EXISTS { (user)-[:INTERACTED]->(own) }
  WITH user, item, tie, own ORDER BY tie.cosine DESC, own.item_id LIMIT 5
  MATCH path = (user)-[:INTERACTED]->(own)<-[tie]-(item)
  RETURN path
}
RETURN path
