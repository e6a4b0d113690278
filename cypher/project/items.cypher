// The whole catalogue, in the fixed order that numbers the items.
MATCH (item:Item)
RETURN item.item_id AS item_id, coalesce(item.title, item.item_id) AS title
ORDER BY item_id
