// Remove the retired personas, after their memberships.
MATCH (retired:PersonaRetired)
DETACH DELETE retired
