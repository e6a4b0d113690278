// What is missing: items without title, text embedding, category, maker or entity; users without persona.
MATCH (item:Item)
RETURN 'items' AS what, count(*) AS total,
       count(CASE WHEN item.title IS NULL THEN 1 END) AS without_title,
       count(CASE WHEN item.embedding IS NULL THEN 1 END) AS without_embedding,
       count(CASE WHEN NOT EXISTS { (item)-[:IN_CATEGORY|HAS_FEATURE]->() } THEN 1 END) AS without_category,
       count(CASE WHEN NOT EXISTS { (item)-[:BY]->() } THEN 1 END) AS without_maker,
       count(CASE WHEN NOT EXISTS { (item)-[:SAME_AS]->() } THEN 1 END) AS without_entity,
       null AS without_persona
UNION
OPTIONAL MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WITH CASE
  WHEN NOT current.promoted AND user.persona_next_run = current.run_id THEN user.persona_next
  WHEN user.persona_run = current.run_id THEN user.persona
END AS vector
RETURN 'users' AS what, count(*) AS total, null AS without_title, null AS without_embedding, null AS without_category,
       null AS without_maker, null AS without_entity,
       count(CASE WHEN vector IS NULL THEN 1 END) AS without_persona
