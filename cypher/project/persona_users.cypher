// Every user, in a fixed order, with the node id that GDS streams.
MATCH (user:User)
RETURN id(user) AS node_id, user.user_id AS user_id
ORDER BY user_id
