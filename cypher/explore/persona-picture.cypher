// A persona as a picture: its traits, its typical items and the users closest to it; without one, the largest. For Browser's graph view.
WITH null AS persona_id
MATCH (persona:Persona)
WHERE persona_id IS NULL OR persona.persona_id = persona_id
WITH persona ORDER BY persona.size DESC, persona.persona_id LIMIT 1
CALL (persona) {
  MATCH path = (persona)-[:CHARACTERISED_BY|TYPICAL]->()
  RETURN path
  UNION
  MATCH path = (persona)<-[membership:HAS_PERSONA]-(:User)
  RETURN path ORDER BY membership.weight DESC LIMIT 8
}
RETURN path
