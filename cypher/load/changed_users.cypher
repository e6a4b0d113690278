// Some users whose splits and sessions have to be made anew.
MATCH (user:User&Changed)
RETURN user.user_id AS user_id
LIMIT $limit
