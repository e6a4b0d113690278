// The items of one domain.
MATCH (item:Item)
WHERE item.domain = $domain
RETURN item.item_id AS item_id
