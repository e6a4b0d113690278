// The items of a batch, as load/items, with the domain that they are of.
UNWIND $rows AS row
MERGE (item:Item {item_id: row.item_id})
ON CREATE SET item.name = row.item_id, item.domain = row.domain
