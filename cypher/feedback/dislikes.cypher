// Items that users dislike, and like no more.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (user:User {user_id: row.user_id})
ON CREATE SET user.name = row.user_id
MERGE (user)-[dislike:DISLIKES]->(item)
SET dislike.timestamp = row.timestamp
WITH user, item
MATCH (user)-[like:LIKES]->(item)
DELETE like
