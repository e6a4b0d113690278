// Titles of some items, as project/items has them of all.
UNWIND $item_ids AS item_id
MATCH (item:Item {item_id: item_id})
RETURN item.item_id AS item_id, coalesce(item.title, item.item_id) AS title
