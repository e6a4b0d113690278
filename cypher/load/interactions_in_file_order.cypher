// Interactions without a time, by user as in interactions_new: one per user, item and line of the file, whose order
// stands for time.
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
MERGE (user)-[interaction:INTERACTED {position: visit[3]}]->(item)
ON CREATE SET interaction.rating = visit[2], interaction.split = 'train', user:Changed
