// Names and vectors of the personas of one run, in the order of their ids, for when the graph is away.
MATCH (persona:Persona {run_id: $run_id})
RETURN persona.name AS name, persona.vector AS vector
ORDER BY persona.persona_id
