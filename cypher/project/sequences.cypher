// Interactions of some users in their order, as columns of one record: by user, oldest first, ties by their hash, file
// order where there is no time. A record an interaction, or a user, would cost several times as much.
// By the index, as in project/user_ids.
// $first, $last: ids of the first and the last of the users; $no_time: what stands for a time that is not known.
MATCH (user:User)
USING INDEX SEEK user:User(user_id)
WHERE $first <= user.user_id <= $last
MATCH (user)-[interaction:INTERACTED]->(item:Item)
WITH user.user_id AS user_id, interaction, item.item_id AS item_id
ORDER BY user_id, interaction.timestamp IS NOT NULL, interaction.timestamp, interaction.tie, interaction.position,
         item_id
RETURN collect(user_id) AS user_ids, collect(item_id) AS item_ids, collect(coalesce(interaction.split, '')) AS splits,
       collect(coalesce(interaction.timestamp, $no_time)) AS times
