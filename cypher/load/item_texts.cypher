// What there is to encode of each item: title, makers, categories, description; and what was encoded last.
MATCH (item:Item)
RETURN item.item_id AS item_id,
       item.title AS title,
       COLLECT { MATCH (item)-[:BY]->(maker) RETURN maker.name ORDER BY maker.name } AS makers,
       COLLECT { MATCH (item)-[:IN_CATEGORY]->(category) RETURN category.name ORDER BY category.name } AS categories,
       item.description AS description,
       item.embedding_of AS embedding_of
ORDER BY item_id
