// Retire the drafts of a write-back that was interrupted.
MATCH (draft:PersonaDraft)
SET draft:PersonaRetired
REMOVE draft:PersonaDraft
