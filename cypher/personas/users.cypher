// Write a batch of users' next vectors, and links to the drafts nearest to them; the weights of one user sum to 1.
UNWIND $rows AS row
MATCH (user:User {user_id: row.user_id})
CALL db.create.setNodeVectorProperty(user, 'persona_next', row.vector)
SET user.persona_next_run = $run_id
WITH user, row
UNWIND row.personas AS link
MATCH (draft:PersonaDraft {persona_id: link.persona_id})
CREATE (user)-[:HAS_PERSONA {weight: link.weight}]->(draft)
