// Users whose id begins so, by the key's index.
MATCH (user:User)
WHERE user.user_id STARTS WITH $starts
RETURN user.user_id AS user_id
ORDER BY user_id
LIMIT $limit
