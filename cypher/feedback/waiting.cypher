// Some users with interactions that are in no part of the split yet, with how many interactions they have.
MATCH (user:User)
WHERE EXISTS { (user)-[:INTERACTED {split: 'feedback'}]->() }
RETURN user.user_id AS user_id, COUNT { (user)-[:INTERACTED]->() } AS interactions
LIMIT $limit
