// Name of the persona nearest to a vector, of one run: nothing where there is none.
MATCH (persona:Persona {run_id: $run_id})
WHERE any(number IN persona.vector WHERE number <> 0.0) // zeros are of users of whom nothing is known
RETURN persona.name AS name
ORDER BY vector.similarity.cosine(persona.vector, $vector) DESC, persona.persona_id
LIMIT 1
