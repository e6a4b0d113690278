// Every user, in a fixed order.
MATCH (user:User)
WHERE user.user_id IS NOT NULL // so that the key's index gives the order
RETURN user.user_id AS user_id
ORDER BY user_id
