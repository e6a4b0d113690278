// Every user with their items, each item once, whatever the split: what the profiles that are served are made of.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
RETURN user.user_id AS user_id,
       COLLECT { MATCH (user)-[:INTERACTED]->(item:Item) RETURN DISTINCT item.item_id } AS item_ids
ORDER BY user.user_id
