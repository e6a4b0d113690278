// Items and their categories, every level of a path by its own name.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (category:Category {name: row.name})
MERGE (item)-[:IN_CATEGORY]->(category)
