// One of these items that the graph has from somewhere else, if any: of another domain, or of a load without one.
UNWIND $items AS item_id
MATCH (item:Item {item_id: item_id})
WHERE item.domain IS NULL OR item.domain <> $domain
RETURN item.item_id AS item_id, item.domain AS domain
LIMIT 1
