// How a user's persona changed by feedback, the latest first; without a user, of the one whose persona changed most often.
// until: none while it is the present one; alike: cosine to the persona before, of the same run.
WITH null AS user_id
MATCH (user:User)
WHERE user_id IS NULL AND EXISTS { (user)-[:HAD_PERSONA]->() } OR user.user_id = user_id
WITH user ORDER BY COUNT { (user)-[:HAD_PERSONA]->() } DESC, user.user_id LIMIT 1
OPTIONAL MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user)-[:HAD_PERSONA]->(state:PersonaState)
WITH user, current, state ORDER BY state.valid_to IS NULL, state.valid_to
WITH user, current, collect(state) AS states
UNWIND range(0, size(states) - 1) AS place
WITH user, current, states[place] AS state, CASE place WHEN 0 THEN null ELSE states[place - 1] END AS before, place
RETURN user.user_id AS user_id, coalesce(toString(state.valid_from), 'unknown') AS since,
       coalesce(toString(CASE WHEN state.run_id = current.run_id THEN state.valid_to
                         ELSE coalesce(state.valid_to, current.since) END), '') AS until,
       [nth IN range(0, size(state.personas) - 1) | state.personas[nth] + ' ' + round(state.weights[nth], 2)] AS personas,
       CASE WHEN before.run_id = state.run_id
         AND any(number IN before.vector WHERE number <> 0.0) AND any(number IN state.vector WHERE number <> 0.0)
       THEN round(vector.similarity.cosine(before.vector, state.vector) * 2 - 1, 3) END AS alike, state.run_id AS run
ORDER BY place DESC
