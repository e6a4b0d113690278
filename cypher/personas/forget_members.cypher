// Remove one batch of the memberships in retired personas.
MATCH (retired:PersonaRetired)<-[membership:HAS_PERSONA]-()
USING SCAN retired:PersonaRetired // from the personas, however many other memberships there are
WITH membership LIMIT $batch
DELETE membership
