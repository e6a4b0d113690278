// How many memberships in retired personas there are to remove.
MATCH (retired:PersonaRetired)
RETURN sum(COUNT { (retired)<-[:HAS_PERSONA]-() }) AS memberships
