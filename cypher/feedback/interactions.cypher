// Interactions as people tell of them: one per user, item and time. They are in no part of the split yet: the next
// training of the personas splits them. Neo4j Browser writes the name on a node.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (user:User {user_id: row.user_id})
ON CREATE SET user.name = row.user_id
MERGE (user)-[interaction:INTERACTED {timestamp: row.timestamp}]->(item)
ON CREATE SET interaction.rating = row.rating, interaction.position = row.position, interaction.split = 'feedback'
