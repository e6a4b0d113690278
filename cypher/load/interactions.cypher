// Interactions with a time, by user as in interactions_new: one per user, item and time, so that the same file twice
// changes nothing. A user with a new one, or with another tie-break than before, is marked Changed, in the same
// transaction: its splits and sessions have to be made anew. Neo4j Browser writes the name on a node.
UNWIND range(0, size($items) - 1) AS place
MATCH (item:Item {item_id: $items[place]})
WITH item ORDER BY place
WITH collect(item) AS items
UNWIND $rows AS row
MERGE (user:User {user_id: row[0]})
ON CREATE SET user.name = row[0]
WITH items, user, row
UNWIND row[1] AS visit
WITH user, items[visit[0]] AS item, visit
MERGE (user)-[interaction:INTERACTED {timestamp: visit[1]}]->(item)
ON CREATE SET interaction.rating = visit[2], interaction.position = visit[3], interaction.split = 'train'
WITH user, interaction, visit[4] AS tie
WHERE interaction.tie IS NULL OR interaction.tie <> tie
SET interaction.tie = tie, user:Changed
