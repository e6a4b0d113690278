// Title, description and price of items; what a row does not say stays as it is.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
SET item += row.properties
