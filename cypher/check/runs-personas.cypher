// There are the personas of the current run and no others: none of another run, and none half written.
// Remedy: Run `kgrec train personas` again: it ends what was interrupted and removes what was left.
OPTIONAL MATCH (current:CurrentRun {kind: 'personas'})
CALL (current) {
  MATCH (persona:Persona)
  WHERE coalesce(persona.run_id <> current.run_id, true)
  RETURN 'persona ' + coalesce(persona.persona_id, '') AS what
  UNION ALL
  MATCH (persona:PersonaDraft|PersonaRetired)
  RETURN labels(persona)[0] + ' ' + coalesce(persona.persona_id, '') AS what
  UNION ALL
  MATCH (user:User)
  WHERE user.persona_next_run IS NOT NULL OR user.persona_run <> coalesce(current.run_id, '')
  RETURN 'user ' + user.user_id AS what
  UNION ALL
  WITH current
  WHERE current.promoted = false
  RETURN 'run ' + current.run_id + ' waits for its vector index' AS what
}
RETURN what
