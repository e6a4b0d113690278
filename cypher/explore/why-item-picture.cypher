// Why an item, as a picture: paths from a user through own items and shared entities. For Browser's graph view.
:param user_id => null
:param item_id => null
MATCH (user:User)
WHERE $user_id IS NULL OR user.user_id = $user_id
WITH user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
OPTIONAL MATCH (user)-[visit:INTERACTED]->(last:Item)
WITH user, last ORDER BY visit.timestamp DESC, visit.position DESC LIMIT 1
MATCH (item:Item {item_id: coalesce($item_id, last.item_id)})
MATCH path = (user)-[:INTERACTED]->(own:Item)-[:SAME_AS]->(:Entity)-->(:Entity)<--(:Entity)<-[:SAME_AS]-(item)
WHERE own <> item
RETURN path
LIMIT 25
