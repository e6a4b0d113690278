// How a user's persona changed by feedback and trainings, the latest first; without a user, of whose changed most.
// until: none while it is the present one; alike: cosine to the persona before, where both are kept by feedback in one run.
WITH null AS user_id
MATCH (user:User)
WHERE user_id IS NULL AND EXISTS { (user)-[:HAD_PERSONA]->() } OR user.user_id = user_id
WITH user ORDER BY COUNT { (user)-[:HAD_PERSONA]->() } DESC, user.user_id LIMIT 1
OPTIONAL MATCH (current:CurrentRun {kind: 'personas'})
CALL (user, current) {
  MATCH (user)-[:HAD_PERSONA]->(state:PersonaState)
  RETURN state.run_id AS run, state.valid_from AS since, state.personas AS personas, state.weights AS weights,
         state.vector AS vector,
         CASE WHEN state.run_id = current.run_id THEN state.valid_to ELSE coalesce(state.valid_to, current.since) END AS until
  UNION ALL
  MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona)
  WHERE NOT EXISTS {
    MATCH (user)-[:HAD_PERSONA]->(state:PersonaState {run_id: current.run_id})
    WHERE state.valid_to IS NULL
  }
  WITH current, membership, persona ORDER BY membership.weight DESC, persona.persona_id
  WITH current, collect(persona.name) AS personas, collect(membership.weight) AS weights
  RETURN current.run_id AS run, current.since AS since, personas, weights, null AS vector, null AS until
}
WITH * ORDER BY until IS NULL, until
WITH user, collect({run: run, since: since, until: until, personas: personas, weights: weights, vector: vector}) AS states
UNWIND range(0, size(states) - 1) AS place
WITH user, states[place] AS state, CASE place WHEN 0 THEN null ELSE states[place - 1] END AS before, place
RETURN user.user_id AS user_id, coalesce(toString(state.since), 'unknown') AS since,
       coalesce(toString(state.until), '') AS until,
       [nth IN range(0, size(state.personas) - 1) | state.personas[nth] + ' ' + round(state.weights[nth], 2)] AS personas,
       CASE WHEN before.run = state.run
         AND any(number IN before.vector WHERE number <> 0.0) AND any(number IN state.vector WHERE number <> 0.0)
       THEN round(vector.similarity.cosine(before.vector, state.vector) * 2 - 1, 3) END AS alike, state.run AS run
ORDER BY place DESC
