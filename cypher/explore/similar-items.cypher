// Items of similar text; without one, those of the most popular item.
WITH null AS item_id
MATCH (item:Item)
WHERE item_id IS NULL OR item.item_id = item_id
WITH item ORDER BY COUNT { (item)<-[:INTERACTED]-() } DESC, item.item_id LIMIT 1
MATCH (current:CurrentRun {kind: 'similar_to'})
MATCH (item)-[similar:SIMILAR_TO]->(other:Item)
WHERE similar.run = current.run_id
RETURN item.title AS item, other.item_id AS item_id, other.title AS title, round(similar.score, 3) AS cosine,
       COUNT { (item)<-[:INTERACTED]-(:User)-[:INTERACTED]->(other) } AS users_in_common
ORDER BY cosine DESC, item_id
