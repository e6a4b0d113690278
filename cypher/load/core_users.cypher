// Remove users outside the k-core, with their sessions and the personas that they had.
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})
OPTIONAL MATCH (user)-[:HAS_SESSION|HAD_PERSONA]->(own:Session|PersonaState)
DETACH DELETE own, user
