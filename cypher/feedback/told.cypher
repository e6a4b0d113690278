// Users who said something of themselves, of which training knows nothing: what they like, dislike or are interested in.
MATCH (user:User)
WHERE user.user_id IS NOT NULL AND EXISTS { (user)-[:LIKES|DISLIKES|STATED_INTEREST]->() }
RETURN user.user_id AS user_id
ORDER BY user_id
