// Interactions without a time, in columns as in interactions_new: one per user, item and line of the file, whose order
// stands for time.
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
MERGE (user)-[interaction:INTERACTED {position: $position[visit]}]->(item)
ON CREATE SET interaction.rating = $rating[visit], interaction.split = 'train', user:Changed
