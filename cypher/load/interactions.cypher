// Interactions with a time: one per user, item and time, so that the same file twice changes nothing.
// A user with a new one, or with another tie-break than before, is marked Changed, in the same transaction: its splits
// and sessions have to be made anew.
UNWIND $rows AS row
MATCH (user:User {user_id: row.user_id})
MATCH (item:Item {item_id: row.item_id})
MERGE (user)-[interaction:INTERACTED {timestamp: row.timestamp}]->(item)
ON CREATE SET interaction.rating = row.rating, interaction.position = row.position
WITH user, interaction, row
WHERE interaction.tie IS NULL OR interaction.tie <> row.tie
SET interaction.tie = row.tie, user:Changed
