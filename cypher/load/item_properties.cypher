// Title, description and price of items, and the name that Neo4j Browser writes on them; what a row does not say stays.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
SET item += row.properties
SET item.name = coalesce(item.title, item.item_id)
