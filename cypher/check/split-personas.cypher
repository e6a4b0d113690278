// A persona of the validation or the test fit is of the items that its fit may know, and of no others.
// Remedy: Run `MATCH (c:CurrentRun) WHERE c.kind STARTS WITH 'evaluation' DELETE c` in Browser, then `kgrec train personas`.
// A user's vector is of the direction of the sum of the items' vectors; objectives by which it is not are passed over.
MATCH (current:CurrentRun)
WHERE current.kind STARTS WITH 'evaluation personas of ' AND current.items > 0 AND coalesce(current.summed, true)
WITH current, CASE current.kind
  WHEN 'evaluation personas of validation' THEN ['train']
  ELSE ['train', 'validation']
END AS splits
MATCH (persona:EvaluationPersona {run_id: current.run_id})
WHERE persona.user_id IS NOT NULL // so that the key's index finds them
CALL (current, splits, persona) {
  MATCH (:User {user_id: persona.user_id})-[interaction:INTERACTED]->(item:Item)
  WHERE interaction.split IN splits
  WITH DISTINCT current, item
  MATCH (vector:ItemPersona {run_id: current.run_id, item_id: item.item_id})
  RETURN collect(vector.vector) AS vectors
}
WITH current, persona, vectors, [place IN range(0, size(persona.vector) - 1) |
  reduce(sum = 0.0, vector IN vectors | sum + vector[place])] AS sums
WITH current, persona, vectors, reduce(sum = 0.0, number IN sums | sum + number * number) AS square,
     reduce(sum = 0.0, place IN range(0, size(sums) - 1) | sum + sums[place] * persona.vector[place]) AS product
WHERE square < 1e-12 AND any(number IN persona.vector WHERE number <> 0.0)
   OR square >= 1e-12 AND NOT product / sqrt(square) > 0.999
RETURN current.kind + ', user ' + persona.user_id AS what
