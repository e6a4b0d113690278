// Items and their authors.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (author:Author {name: row.name})
MERGE (item)-[:BY]->(author)
