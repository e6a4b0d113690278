// A user's sessions in order, with what was in them; without a user, the most active one's.
WITH null AS user_id
MATCH (user:User)
WHERE user_id IS NULL OR user.user_id = user_id
WITH user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
MATCH (user)-[:HAS_SESSION]->(session:Session)-[visit:CONTAINS]->(item:Item)
MATCH (user)-[interaction:INTERACTED {timestamp: visit.timestamp}]->(item)
WITH user, session, visit, item ORDER BY visit.timestamp, interaction.tie, interaction.position, item.item_id
RETURN user.user_id AS user_id, toString(datetime({epochMillis: session.started_at})) AS started,
       collect(coalesce(item.title, item.item_id) + ' (' + visit.split + ')') AS items
ORDER BY started
