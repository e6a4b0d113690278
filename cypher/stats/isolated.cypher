// What little leads to: items that nobody chose or of which nothing is told, entities that tie no items together.
CALL () {
  MATCH (item:Item)
  WITH count(*) AS total,
       count(CASE WHEN NOT EXISTS { (item)<-[:INTERACTED]-() } THEN 1 END) AS unchosen,
       count(CASE WHEN NOT EXISTS { (item)<-[:INTERACTED {split: 'train'}]-() } THEN 1 END) AS untaught,
       count(CASE WHEN NOT EXISTS { (item)-[:BY|IN_CATEGORY|SAME_AS]->() } THEN 1 END) AS untold
  UNWIND [
    ['never chosen', unchosen], ['never chosen in training', untaught], ['without maker, category and entity', untold]
  ] AS pair
  RETURN 'items' AS of, pair[0] AS what, pair[1] AS nodes, total
  UNION ALL
  MATCH (user:User)
  WITH count(*) AS total, count(CASE WHEN COUNT { (user)-[:INTERACTED]->() } < 2 THEN 1 END) AS alone
  RETURN 'users' AS of, 'with no more than one interaction' AS what, alone AS nodes, total
  UNION ALL
  MATCH (entity:Entity)
  WITH COUNT {
    CALL (entity) {
      MATCH (entity)<-[:SAME_AS]-(item:Item)
      RETURN item
      UNION
      MATCH (entity)<--(:Entity)<-[:SAME_AS]-(item:Item)
      RETURN item
    }
    RETURN item LIMIT 2
  } AS items
  WITH count(*) AS total, count(CASE items WHEN 0 THEN 1 END) AS none, count(CASE items WHEN 1 THEN 1 END) AS one
  UNWIND [['that no item leads to', none], ['that one item leads to', one]] AS pair
  RETURN 'entities' AS of, pair[0] AS what, pair[1] AS nodes, total
}
RETURN of, what, nodes, total
