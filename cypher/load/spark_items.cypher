// The items of a batch that the Spark connector writes; it names the batch and its rows so.
UNWIND $events AS event
MERGE (item:Item {item_id: event.item_id})
ON CREATE SET item.name = event.item_id
