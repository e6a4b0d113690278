// Interactions that the graph cannot have yet: $user, $item, $timestamp, $rating, $position, the line, and $tie, the
// tie-break, go together, place by place; $user and $item are places in $rows, of user ids, and $items, of item ids.
// Without a time, time and tie-break are null. An item is named by its id until its title is known, and of $domain, which
// is null for none. Until its users are split, each is for training, and as they are Changed, nothing learns from it.
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
  SET user:Changed
  WITH user ORDER BY place
  RETURN collect(user) AS users
}
UNWIND range(0, size($user) - 1) AS visit
WITH users[$user[visit]] AS user, items[$item[visit]] AS item, visit
CREATE (user)-[:INTERACTED {
  timestamp: $timestamp[visit], rating: $rating[visit], position: $position[visit], tie: $tie[visit], split: 'train'
}]->(item)
