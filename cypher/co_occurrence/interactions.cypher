// Who chose what in which split, of some users in the order of their ids, as columns of one record: together they name a
// run of CO_OCCURS_WITH.
// By the index, as in project/user_ids.
// $first, $last: ids of the first and the last of the users.
MATCH (user:User)
USING INDEX SEEK user:User(user_id)
WHERE $first <= user.user_id <= $last
MATCH (user)-[interaction:INTERACTED]->(item:Item)
WHERE item.item_id IS NOT NULL
WITH user.user_id AS user_id, interaction, item
ORDER BY user_id
RETURN collect(user_id) AS user_ids, collect(item.item_id) AS item_ids,
       collect(coalesce(interaction.split, '')) AS splits
