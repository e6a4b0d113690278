// The vectors of items are those of the current runs, as many as were written.
// Remedy: Run `kgrec train personas` again.
CALL () {
  MATCH (vector:ItemPersona)
  WITH vector.run_id AS run_id, count(*) AS found
  WHERE NOT EXISTS {
    MATCH (current:CurrentRun) WHERE coalesce(current.items_run, current.run_id) = run_id
  }
  RETURN 'run ' + run_id + ': ' + found + ' too many' AS what
  UNION ALL
  MATCH (current:CurrentRun)
  WHERE current.kind STARTS WITH 'evaluation personas of '
  WITH current, COUNT {
    MATCH (vector:ItemPersona {run_id: current.run_id})
    WHERE vector.item_id IS NOT NULL // so that the key's index finds them
  } AS found
  WHERE found <> current.items
  RETURN current.kind + ', run ' + current.run_id + ': ' + found + ' of ' + current.items AS what
}
RETURN what
