// Items with a title and no entity yet, with the names of their authors and brands.
MATCH (item:Item)
WHERE item.title IS NOT NULL AND NOT EXISTS { (item)-[:SAME_AS]->(:Entity) }
RETURN item.item_id AS item_id, item.title AS title, COLLECT { MATCH (item)-[:BY]->(maker) RETURN maker.name } AS creators
ORDER BY item_id
