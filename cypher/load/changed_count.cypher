// How many users have to be marked anew.
MATCH (user:User&Changed)
RETURN count(user) AS users
