// Make the drafts the personas that everybody reads, at one instant; the old ones are retired.
// Nothing happens if other memberships or items' vectors are there than were written: another write-back interfered.
MATCH (draft:PersonaDraft {run_id: $run_id})
WITH collect(draft) AS drafts, sum(COUNT { (draft)<-[:HAS_PERSONA]-() }) AS memberships
WHERE memberships = $memberships AND $items = COUNT {
  MATCH (vector:ItemPersona {run_id: $items_run})
  WHERE vector.item_id IS NOT NULL // so that the key's index finds them
}
CALL () {
  MATCH (old:Persona)
  SET old:PersonaRetired
  REMOVE old:Persona
}
FOREACH (draft IN drafts |
  SET draft:Persona
  REMOVE draft:PersonaDraft
)
MERGE (current:CurrentRun {kind: 'personas'})
SET current.since = CASE current.run_id WHEN $run_id THEN current.since ELSE datetime.realtime() END
SET current.name = 'personas', current.run_id = $run_id, current.items_run = $items_run,
    current.promoted = false
SET current += $about // how its personas were chosen; what is null there is taken away
