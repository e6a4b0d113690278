// Ids of the next users after one, in their order, as one record.
MATCH (user:User)
WHERE user.user_id > $after
WITH user.user_id AS user_id
ORDER BY user_id
LIMIT $n
RETURN collect(user_id) AS user_ids
