// The persona of an anonymous session: the mean over its items of the mean persona of those who chose the item.
// Training interactions only, as everywhere.
MATCH (item:Item)<-[interaction:INTERACTED]-(user:User)
WHERE item.item_id IN $item_ids AND interaction.split = 'train' AND user.persona IS NOT NULL
WITH DISTINCT item, user
UNWIND range(0, size(user.persona) - 1) AS dimension
WITH item, dimension, avg(user.persona[dimension]) AS value
WITH dimension, avg(value) AS value
ORDER BY dimension
RETURN collect(value) AS vector
