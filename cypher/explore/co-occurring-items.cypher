// Items that the same users chose, by the cosine over users; without an item, those of the most popular one.
WITH null AS item_id
MATCH (item:Item)
WHERE item_id IS NULL OR item.item_id = item_id
WITH item ORDER BY COUNT { (item)<-[:INTERACTED]-() } DESC, item.item_id LIMIT 1
MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
MATCH (item)-[tie:CO_OCCURS_WITH {run: current.run_id}]->(other:Item)
WITH item, tie, other ORDER BY tie.cosine DESC, other.item_id LIMIT 20
RETURN item.title AS item, other.item_id AS item_id, other.title AS title, round(tie.cosine, 3) AS cosine, COUNT {
  MATCH (item)<-[:INTERACTED]-(user:User)-[:INTERACTED]->(other)
  RETURN DISTINCT user
} AS users_in_common
ORDER BY cosine DESC, item_id
