// The items of a batch, named by their id until their title is known; what they are like comes with the metadata.
UNWIND $rows AS item_id
MERGE (item:Item {item_id: item_id})
ON CREATE SET item.name = item_id
