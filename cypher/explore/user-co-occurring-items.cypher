// What a user's history reaches by co-occurrence: new items, those of it that are among an item's nearest, and how near.
// weight: the sum of their cosines over users, as the source "co-occurrence" has it; without a user, the most active one.
WITH null AS user_id
MATCH (user:User)
WHERE user_id IS NULL OR user.user_id = user_id
WITH user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
CALL (user) {
  MATCH (user)-[:INTERACTED]->(own:Item)
  RETURN DISTINCT own
}
MATCH (item:Item)-[tie:CO_OCCURS_WITH {run: current.run_id}]->(own)
WHERE NOT EXISTS { (user)-[:INTERACTED]->(item) }
WITH user, item, tie, own ORDER BY tie.cosine DESC, own.item_id
WITH user, item, sum(tie.cosine) AS weight, count(*) AS items, collect(coalesce(own.title, own.item_id)) AS among
RETURN user.user_id AS user_id, item.item_id AS item_id, item.title AS title, round(weight, 3) AS weight, items,
       among[..3] AS among
ORDER BY weight DESC, item_id
LIMIT 30
