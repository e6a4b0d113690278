// The users of a batch; Neo4j Browser writes the name on a node.
UNWIND $rows AS user_id
MERGE (user:User {user_id: user_id})
ON CREATE SET user.name = user_id
