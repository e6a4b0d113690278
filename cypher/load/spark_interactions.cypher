// Interactions of a batch that the Spark connector writes, as load/interactions does; rows of a Parquet file have no
// lines, and so they have no position. Users with a new one are marked Changed in the same transaction.
UNWIND $events AS event
MATCH (user:User {user_id: event.user_id})
MATCH (item:Item {item_id: event.item_id})
MERGE (user)-[interaction:INTERACTED {timestamp: event.timestamp}]->(item)
ON CREATE SET interaction.rating = event.rating
WITH user, interaction, event
WHERE interaction.tie IS NULL OR interaction.tie <> event.tie
SET interaction.tie = event.tie, user:Changed
