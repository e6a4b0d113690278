// What somebody said an item is not: no link to it, and none later.
// $rows: {item_id, uri}.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
SET item.not_same_as = [uri IN coalesce(item.not_same_as, []) WHERE uri <> row.uri] + row.uri
WITH item, row
MATCH (item)-[same:SAME_AS]->(:Entity {uri: row.uri})
DELETE same
