// Each user's interactions in order, with their split and time: oldest first, ties by their
// hash, file order where there is no time. Sorted user by user, which takes little memory.
// $no_time: what stands for a time that is not known.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction, item.item_id AS item_id
  ORDER BY interaction.timestamp IS NOT NULL, interaction.timestamp, interaction.tie, interaction.position, item_id
  RETURN collect(item_id) AS item_ids, collect(interaction.split) AS splits,
         collect(coalesce(interaction.timestamp, $no_time)) AS times
}
WITH user, item_ids, splits, times
WHERE size(item_ids) > 0
RETURN user.user_id AS user_id, item_ids, splits, times
ORDER BY user.user_id
