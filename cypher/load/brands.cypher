// Items and their brands.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (brand:Brand {name: row.name})
MERGE (item)-[:BY]->(brand)
