// Items in the space of the personas have finite numbers and the dimensions of the users' vectors of the same run.
// Remedy: Run `MATCH (c:CurrentRun) WHERE c.kind STARTS WITH 'evaluation' DELETE c` in Browser, then `kgrec train personas`.
MATCH (current:CurrentRun)
WHERE current.kind = 'personas' OR current.kind STARTS WITH 'evaluation personas of '
CALL (current) {
  CALL (current) {
    MATCH (persona:Persona {run_id: current.run_id})
    RETURN size(persona.vector) AS dimensions
    UNION ALL
    MATCH (user:EvaluationPersona {run_id: current.run_id})
    WHERE user.user_id IS NOT NULL // so that the key's index finds them
    RETURN size(user.vector) AS dimensions
  }
  WITH dimensions, count(*) AS vectors ORDER BY vectors DESC, dimensions
  RETURN head(collect(dimensions)) AS dimensions
}
MATCH (vector:ItemPersona {run_id: coalesce(current.items_run, current.run_id)})
WHERE vector.item_id IS NOT NULL
WITH current, dimensions, vector, reduce(sum = 0.0, number IN vector.vector | sum + number * number) AS square
WHERE coalesce(size(vector.vector) <> dimensions, true) OR NOT square < 1e300
RETURN current.kind + ', item ' + vector.item_id + ': ' + coalesce(size(vector.vector), 'no') + ' dimensions' AS what
