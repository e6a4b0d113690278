// Old sessions of changed users: a later load can move their borders and their splits.
UNWIND $users AS user_id
MATCH (:User {user_id: user_id})-[:HAS_SESSION]->(session:Session)
DETACH DELETE session
