// The items of a batch; what they are like comes with the metadata.
UNWIND $rows AS item_id
MERGE (:Item {item_id: item_id})
