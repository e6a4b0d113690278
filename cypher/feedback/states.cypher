// Keep the present persona of some users: its vector, the personas that they belong to, the strongest first, and from
// when to when. Nothing of users who have none of the run. The name is for Neo4j Browser.
// $since: null where it is since the run is the current one; $until: null while it is the present one.
MATCH (current:CurrentRun {kind: 'personas'})
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
WITH current, user, CASE current.run_id
  WHEN user.persona_next_run THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run THEN user.persona
END AS vector
WHERE vector IS NOT NULL
CALL (user) {
  MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona)
  WITH membership, persona ORDER BY membership.weight DESC, persona.persona_id
  RETURN collect(persona.name) AS personas, collect(membership.weight) AS weights
}
CREATE (user)-[:HAD_PERSONA]->(:PersonaState {
  name: coalesce(head(personas), 'none'), personas: personas, weights: weights, vector: vector, run_id: current.run_id,
  valid_from: coalesce($since, current.since), valid_to: $until
})
