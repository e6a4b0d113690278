// Each item with the items that it is tied to in one run of CO_OCCURS_WITH, and their cosines, in the same order.
MATCH (item:Item)
WHERE item.item_id IS NOT NULL // so that the key's index gives the order
CALL (item) {
  MATCH (item)-[tie:CO_OCCURS_WITH {run: $run_id}]->(neighbour:Item)
  RETURN collect(neighbour.item_id) AS item_ids, collect(tie.cosine) AS cosines
}
RETURN item.item_id AS item_id, item_ids, cosines
ORDER BY item.item_id
