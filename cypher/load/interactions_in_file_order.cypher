// Interactions without a time: one per user, item and line of the file, whose order stands for time.
UNWIND $rows AS row
MATCH (user:User {user_id: row.user_id})
MATCH (item:Item {item_id: row.item_id})
MERGE (user)-[interaction:INTERACTED {position: row.position}]->(item)
ON CREATE SET interaction.rating = row.rating, user:Changed
