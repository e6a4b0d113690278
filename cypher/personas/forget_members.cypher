// Remove one batch of the memberships in retired personas.
MATCH (:PersonaRetired)<-[membership:HAS_PERSONA]-()
WITH membership LIMIT $batch
DELETE membership
