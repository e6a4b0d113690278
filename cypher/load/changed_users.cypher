// Some users whose splits and sessions have to be made anew, with how much that is.
MATCH (user:User&Changed)
RETURN user.user_id AS user_id, COUNT { (user)-[:INTERACTED]->() } AS interactions
LIMIT $limit
