// Ids of the next users after one, in their order, as one record. The order is the index's: by itself Neo4j may compare the
// ids as UTF-16, which puts some that the index has behind others before them.
MATCH (user:User)
USING INDEX SEEK user:User(user_id)
WHERE user.user_id > $after
WITH user.user_id AS user_id
ORDER BY user_id
LIMIT $n
RETURN collect(user_id) AS user_ids
