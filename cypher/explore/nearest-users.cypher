// The users whose personas are nearest to a user's, by the vector index; without one, to the most active user's.
// The index is coarse (Neo4j 5.26 quantises it): its 50 nearest are compared exactly.
// A user of whom nothing is known is near nobody: such vectors are zeros.
// While a new run's vectors are on their way into the index (they wait in persona_next), all users are compared.
WITH null AS user_id
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WHERE (user_id IS NULL OR user.user_id = user_id)
  AND (user.persona_run = current.run_id OR NOT current.promoted AND user.persona_next_run = current.run_id)
WITH current, user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
CALL (current, user) {
  WITH user WHERE current.promoted AND any(number IN user.persona WHERE number <> 0.0)
  CALL db.index.vector.queryNodes('user_persona', 50, user.persona) YIELD node
  WHERE node.persona_run = current.run_id
  RETURN node, vector.similarity.cosine(user.persona, node.persona) AS score ORDER BY score DESC LIMIT 11
  UNION
  WITH CASE user.persona_next_run WHEN current.run_id THEN user.persona_next ELSE user.persona END AS vector
  WHERE NOT current.promoted AND any(number IN vector WHERE number <> 0.0)
  MATCH (node:User)
  WITH node, vector, CASE current.run_id
    WHEN node.persona_next_run THEN node.persona_next
    WHEN node.persona_run THEN node.persona
  END AS other
  WHERE any(number IN other WHERE number <> 0.0)
  RETURN node, vector.similarity.cosine(vector, other) AS score ORDER BY score DESC LIMIT 11
}
WITH user, node, score
WHERE node <> user
RETURN user.user_id AS of, node.user_id AS user_id, round(score, 4) AS similarity,
       COUNT { (user)-[:INTERACTED]->()<-[:INTERACTED]-(node) } AS items_in_common
ORDER BY similarity DESC, user_id
