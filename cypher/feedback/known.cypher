// What the graph has of some events: whether their item is there, and what the user did or said of it before.
// $rows: {user_id, item_id, timestamp}; without a time, an interaction at any time is the same.
UNWIND range(0, size($rows) - 1) AS place
WITH place, $rows[place] AS row
OPTIONAL MATCH (item:Item {item_id: row.item_id})
OPTIONAL MATCH (user:User {user_id: row.user_id})
OPTIONAL MATCH (user)-[opinion:LIKES|DISLIKES]->(item)
WITH place, row, item, user, head(collect(opinion)) AS opinion
RETURN item IS NOT NULL AS found, type(opinion) AS opinion, opinion.timestamp AS since, EXISTS {
  MATCH (user)-[interaction:INTERACTED]->(item)
  WHERE row.timestamp IS NULL OR interaction.timestamp = row.timestamp
} AS done
ORDER BY place
