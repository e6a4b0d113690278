// Each user's interactions in order, with their split: oldest first, file order where there is no time.
MATCH (user:User)-[interaction:INTERACTED]->(item:Item)
WITH user, interaction, item
ORDER BY user.user_id, interaction.timestamp, interaction.position, item.item_id
RETURN user.user_id AS user_id, collect(item.item_id) AS item_ids, collect(interaction.split) AS splits
ORDER BY user_id
