// Persona vectors of some users, of one run, with the name of each one's strongest persona, as project/user_personas has
// them of all.
// $promoted: whether the run's vectors are in `persona` already; where it says no, they are there or in `persona_next`.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
WITH user, CASE
  WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run = $run_id THEN user.persona
END AS vector
WHERE vector IS NOT NULL
CALL (user) {
  OPTIONAL MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona {run_id: $run_id})
  RETURN persona
  ORDER BY membership.weight DESC, persona.persona_id
  LIMIT 1
}
RETURN user.user_id AS user_id, vector, persona.name AS persona
