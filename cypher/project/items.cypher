// The whole catalogue, in the fixed order that numbers the items.
MATCH (item:Item)
WHERE item.item_id IS NOT NULL // so that the key's index gives the order
RETURN item.item_id AS item_id, coalesce(item.title, item.item_id) AS title
ORDER BY item.item_id
