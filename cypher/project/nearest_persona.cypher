// The named persona nearest to a vector.
MATCH (persona:Persona)
RETURN persona.name AS name
ORDER BY vector.similarity.cosine(persona.vector, $vector) DESC, persona.persona_id
LIMIT 1
