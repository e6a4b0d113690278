// The personas of a run, of how many a user is a member, as any member tells, and whether the run gave items vectors.
MATCH (persona:Persona {run_id: $run_id})
WITH persona ORDER BY persona.persona_id
WITH collect(persona) AS personas, EXISTS {
  MATCH (vector:ItemPersona {run_id: $items_run})
  WHERE vector.item_id IS NOT NULL // so that the key's index finds them
} AS of_items
CALL (personas) {
  UNWIND personas AS persona
  MATCH (persona)<-[:HAS_PERSONA]-(user:User)
  WITH user LIMIT 1
  RETURN COUNT { (user)-[:HAS_PERSONA]->(:Persona) } AS per_user
}
UNWIND personas AS persona
RETURN persona.persona_id AS persona_id, persona.vector AS vector, per_user, of_items
