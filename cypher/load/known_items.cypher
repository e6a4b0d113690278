// Which of these are items of the graph?
UNWIND $items AS item_id
MATCH (item:Item {item_id: item_id})
RETURN item.item_id AS item_id
