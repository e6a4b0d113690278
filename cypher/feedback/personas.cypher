// Give users new vectors of the current run, and links to the personas nearest to them; weights of one user sum to 1.
// $user_ids, $vectors, $nearest (places in $personas) and $weights go together, place by place; $personas: persona_id.
CALL () {
  UNWIND $personas AS persona_id
  MATCH (persona:Persona {persona_id: persona_id})
  RETURN collect(persona) AS personas
}
UNWIND range(0, size($user_ids) - 1) AS place
MATCH (user:User {user_id: $user_ids[place]})
CALL db.create.setNodeVectorProperty(user, 'persona', $vectors[place])
SET user.persona_run = $run_id
REMOVE user.persona_next, user.persona_next_run
WITH user, place, personas
CALL (user) {
  MATCH (user)-[membership:HAS_PERSONA]->(:Persona)
  DELETE membership
}
UNWIND range(0, size($nearest[place]) - 1) AS rank
WITH user, personas[$nearest[place][rank]] AS persona, $weights[place][rank] AS weight
CREATE (user)-[:HAS_PERSONA {weight: weight}]->(persona)
