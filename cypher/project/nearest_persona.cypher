// Name of the persona nearest to a vector, of one run: nothing where there is none.
MATCH (persona:Persona {run_id: $run_id})
RETURN persona.name AS name
ORDER BY vector.similarity.cosine(persona.vector, $vector) DESC, persona.persona_id
LIMIT 1
