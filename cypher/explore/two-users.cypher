// Two users side by side: personas in common with both weights; without ids, the two most active users.
WITH null AS first, null AS second
MATCH (one:User)
WHERE first IS NULL OR one.user_id = first
WITH second, one ORDER BY COUNT { (one)-[:INTERACTED]->() } DESC, one.user_id LIMIT 1
MATCH (two:User)
WHERE two <> one AND (second IS NULL OR two.user_id = second)
WITH one, two ORDER BY COUNT { (two)-[:INTERACTED]->() } DESC, two.user_id LIMIT 1
CALL (one, two) {
  MATCH (persona:Persona)
  OPTIONAL MATCH (one)-[mine:HAS_PERSONA]->(persona)
  OPTIONAL MATCH (two)-[theirs:HAS_PERSONA]->(persona)
  WITH persona, mine, theirs
  WHERE mine IS NOT NULL OR theirs IS NOT NULL
  RETURN 'persona' AS kind, persona.name AS what, round(mine.weight, 3) AS first, round(theirs.weight, 3) AS second
  UNION
  MATCH (one)-[a:INTERACTED]->(item:Item)<-[b:INTERACTED]-(two)
  RETURN 'item' AS kind, coalesce(item.title, item.item_id) AS what, a.rating AS first, b.rating AS second
  UNION
  MATCH (one)-[:INTERACTED]->(mine:Item)-[:SAME_AS]->(:Entity)-->(entity:Entity)
  WITH two, entity, count(DISTINCT mine) AS first ORDER BY first DESC LIMIT 200
  MATCH (two)-[:INTERACTED]->(theirs:Item)-[:SAME_AS]->(:Entity)-->(entity)
  WITH entity, first, count(DISTINCT theirs) AS second
  RETURN 'entity' AS kind, entity.label AS what, first, second ORDER BY first + second DESC LIMIT 15
}
RETURN one.user_id AS one, two.user_id AS two, kind, what, first, second
ORDER BY kind DESC, coalesce(first, 0) + coalesce(second, 0) DESC, what
