// How many users there are. Neo4j keeps count of them.
MATCH (user:User)
RETURN count(user) AS users
