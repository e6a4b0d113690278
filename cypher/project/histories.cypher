// Items of some users, oldest first, in the order of project/sequences; users without any are left out.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction, item
  ORDER BY interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect(item.item_id) AS item_ids
}
WITH user, item_ids
WHERE size(item_ids) > 0
RETURN user.user_id AS user_id, item_ids
