// Remove users outside the k-core, with their sessions.
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})
OPTIONAL MATCH (user)-[:HAS_SESSION]->(session:Session)
DETACH DELETE session, user
