// Write each user's vector, and links to the personas nearest to it; the weights of one user sum to 1.
UNWIND $rows AS row
MATCH (user:User {user_id: row.user_id})
CALL db.create.setNodeVectorProperty(user, 'persona', row.vector)
SET user.persona_run = $run_id
WITH user, row
UNWIND row.personas AS link
MATCH (persona:Persona {persona_id: link.persona_id})
CREATE (user)-[:HAS_PERSONA {weight: link.weight}]->(persona)
