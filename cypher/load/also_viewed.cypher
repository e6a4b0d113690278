// Items viewed by those who viewed an item.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MATCH (other:Item {item_id: row.other})
MERGE (item)-[:ALSO_VIEWED]->(other)
