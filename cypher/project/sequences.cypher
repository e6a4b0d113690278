// Each user's interactions in order, with their split and time: oldest first, ties by their
// hash, file order where there is no time.
MATCH (user:User)-[interaction:INTERACTED]->(item:Item)
WITH user, interaction, item
ORDER BY user.user_id, interaction.timestamp, interaction.tie, interaction.position, item.item_id
WITH user, collect({item_id: item.item_id, split: interaction.split, time: interaction.timestamp}) AS visits
RETURN user.user_id AS user_id, [visit IN visits | visit.item_id] AS item_ids,
       [visit IN visits | visit.split] AS splits, [visit IN visits | visit.time] AS times
ORDER BY user_id
