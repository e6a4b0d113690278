// The persona of an anonymous session: the mean over its items of the mean persona of those who chose the item.
// All interactions, as the personas that are served have learned from them. name: of the persona nearest to it; the
// vector is empty where nobody chose.
// $promoted: whether the run's vectors are in `persona` already; where it says no, they are there or in `persona_next`.
MATCH (item:Item)<-[:INTERACTED]-(user:User)
WHERE item.item_id IN $item_ids
WITH DISTINCT item, user
WITH item, CASE
  WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run = $run_id THEN user.persona
END AS chosen
UNWIND range(0, size(chosen) - 1) AS dimension
WITH item, dimension, avg(chosen[dimension]) AS value
WITH dimension, avg(value) AS value
ORDER BY dimension
WITH collect(value) AS mean
OPTIONAL MATCH (persona:Persona {run_id: $run_id})
WHERE size(mean) > 0
WITH mean, persona
ORDER BY vector.similarity.cosine(persona.vector, mean) DESC, persona.persona_id
RETURN mean AS vector, head(collect(persona.name)) AS name
