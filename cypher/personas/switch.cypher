// Make the drafts the personas that everybody reads, at one instant; the old ones are retired.
// Nothing happens if other memberships are there than were written: another write-back interfered.
MATCH (draft:PersonaDraft {run_id: $run_id})
WITH collect(draft) AS drafts, sum(COUNT { (draft)<-[:HAS_PERSONA]-() }) AS memberships
WHERE memberships = $memberships
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
SET current.name = 'personas', current.run_id = $run_id, current.promoted = false
