// Interactions with a time, in columns as in interactions_new: one per user, item and time, so that the same file twice
// changes nothing. A user with a new one, or with another tie-break than before, is marked Changed, in the same
// transaction: its splits and sessions have to be made anew. Neo4j Browser writes the name on a node.
CALL () {
  UNWIND range(0, size($items) - 1) AS place
  MERGE (item:Item {item_id: $items[place]})
  ON CREATE SET item.name = $items[place], item.domain = $domain
  WITH item ORDER BY place
  RETURN collect(item) AS items
}
CALL () {
  UNWIND range(0, size($rows) - 1) AS place
  MERGE (user:User {user_id: $rows[place]})
  ON CREATE SET user.name = $rows[place]
  WITH user ORDER BY place
  RETURN collect(user) AS users
}
UNWIND range(0, size($user) - 1) AS visit
WITH users[$user[visit]] AS user, items[$item[visit]] AS item, visit
MERGE (user)-[interaction:INTERACTED {timestamp: $timestamp[visit]}]->(item)
ON CREATE SET interaction.rating = $rating[visit], interaction.position = $position[visit], interaction.split = 'train'
WITH user, interaction, $tie[visit] AS tie
WHERE interaction.tie IS NULL OR interaction.tie <> tie
SET interaction.tie = tie, user:Changed
