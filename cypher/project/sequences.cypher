// Each user's interactions in order, with their split and time: oldest first, ties by their
// hash, file order where there is no time. Sorted user by user, which takes little memory.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction, item
  ORDER BY interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect({item_id: item.item_id, split: interaction.split, time: interaction.timestamp}) AS visits
}
WITH user, visits
WHERE size(visits) > 0
RETURN user.user_id AS user_id, [visit IN visits | visit.item_id] AS item_ids,
       [visit IN visits | visit.split] AS splits, [visit IN visits | visit.time] AS times
ORDER BY user.user_id
