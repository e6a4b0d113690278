// How many nodes have how many relationships of a kind: the distribution of the degrees that matter.
CALL () {
  MATCH (node:User)
  RETURN 'User' AS label, 'interactions' AS what, COUNT { (node)-[:INTERACTED]->() } AS degree
  UNION ALL
  MATCH (node:User)
  RETURN 'User' AS label, 'sessions' AS what, COUNT { (node)-[:HAS_SESSION]->() } AS degree
  UNION ALL
  MATCH (node:User)
  RETURN 'User' AS label, 'interests' AS what, COUNT { (node)-[:INTERESTED_IN]->() } AS degree
  UNION ALL
  MATCH (node:Item)
  RETURN 'Item' AS label, 'interactions' AS what, COUNT { (node)<-[:INTERACTED]-() } AS degree
  UNION ALL
  MATCH (node:Item)
  RETURN 'Item' AS label, 'makers' AS what, COUNT { (node)-[:BY]->() } AS degree
  UNION ALL
  MATCH (node:Item)
  RETURN 'Item' AS label, 'categories' AS what, COUNT { (node)-[:IN_CATEGORY]->() } AS degree
  UNION ALL
  MATCH (node:Item)
  RETURN 'Item' AS label, 'similar items' AS what, COUNT { (node)-[:SIMILAR_TO]->() } AS degree
  UNION ALL
  MATCH (node:Item)
  RETURN 'Item' AS label, 'co-occurring items, of all fits' AS what, COUNT { (node)-[:CO_OCCURS_WITH]->() } AS degree
  UNION ALL
  MATCH (node:Entity)
  RETURN 'Entity' AS label, 'items' AS what, COUNT { (node)<-[:SAME_AS]-() } AS degree
  UNION ALL
  MATCH (node:Entity)
  RETURN 'Entity' AS label, 'facts' AS what, COUNT { (node)-->() } AS degree
  UNION ALL
  MATCH (node:Entity)
  RETURN 'Entity' AS label, 'entities with it as a fact' AS what, COUNT { (node)<--(:Entity) } AS degree
  UNION ALL
  MATCH (node:Category)
  RETURN 'Category' AS label, 'items' AS what, COUNT { (node)<-[:IN_CATEGORY]-() } AS degree
  UNION ALL
  MATCH (node:Author)
  RETURN 'Author' AS label, 'items' AS what, COUNT { (node)<-[:BY]-() } AS degree
  UNION ALL
  MATCH (node:Brand)
  RETURN 'Brand' AS label, 'items' AS what, COUNT { (node)<-[:BY]-() } AS degree
}
RETURN label, what, degree, count(*) AS nodes
