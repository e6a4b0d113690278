// Items with a title and no entity yet, with their domain, the names of their authors and brands, their categories, and
// the entities that somebody said they are not.
MATCH (item:Item)
WHERE item.title IS NOT NULL AND NOT EXISTS { (item)-[:SAME_AS]->(:Entity) }
RETURN item.item_id AS item_id, item.title AS title, item.domain AS domain,
       COLLECT { MATCH (item)-[:BY]->(maker) RETURN maker.name AS name ORDER BY name } AS creators,
       COLLECT { MATCH (item)-[:IN_CATEGORY]->(category) RETURN category.name } AS categories,
       coalesce(item.not_same_as, []) AS refused
ORDER BY item_id
