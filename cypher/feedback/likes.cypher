// Items that users like, and dislike no more.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
MERGE (user:User {user_id: row.user_id})
ON CREATE SET user.name = row.user_id
MERGE (user)-[like:LIKES]->(item)
SET like.timestamp = row.timestamp, like.position = row.position
WITH user, item
MATCH (user)-[dislike:DISLIKES]->(item)
DELETE dislike
