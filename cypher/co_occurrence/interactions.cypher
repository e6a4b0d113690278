// Who chose what in which split: together they name a run of CO_OCCURS_WITH.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
RETURN user.user_id AS user_id, COLLECT {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction.split AS split, collect(DISTINCT item.item_id) AS item_ids
  RETURN [split, item_ids]
} AS chosen
ORDER BY user.user_id
