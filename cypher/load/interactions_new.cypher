// Interactions that the graph cannot have yet, by user: [user_id, [[place of the item in $items, time, rating, line,
// tie-break], ...]]. Without a time, time and tie-break are null. Until its users are split, each is for training, and
// as they are Changed, nothing learns from it.
UNWIND range(0, size($items) - 1) AS place
MATCH (item:Item {item_id: $items[place]})
WITH item ORDER BY place
WITH collect(item) AS items
UNWIND $rows AS row
MERGE (user:User {user_id: row[0]})
ON CREATE SET user.name = row[0]
SET user:Changed
WITH items, user, row
UNWIND row[1] AS visit
WITH user, items[visit[0]] AS item, visit
CREATE (user)-[:INTERACTED {
  timestamp: visit[1], rating: visit[2], position: visit[3], tie: visit[4], split: 'train'
}]->(item)
