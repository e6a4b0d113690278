// The users whose personas are nearest to a user's, by the vector index; without one, to the most active user's.
WITH null AS user_id
MATCH (user:User)
WHERE user.persona IS NOT NULL AND (user_id IS NULL OR user.user_id = user_id)
WITH user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
CALL db.index.vector.queryNodes('user_persona', 11, user.persona) YIELD node, score
WHERE node <> user
RETURN user.user_id AS of, node.user_id AS user_id, round(score, 4) AS similarity,
       COUNT { (user)-[:INTERACTED]->()<-[:INTERACTED]-(node) } AS items_in_common
ORDER BY similarity DESC, user_id
