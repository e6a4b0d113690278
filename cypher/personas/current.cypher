// The run whose personas are to be read, and whether its vectors are where the vector index looks for them.
// A write-back makes a run the current one at an instant, then moves the users' vectors, batch by batch,
// from persona_next to persona; at any time one of the two properties belongs to the current run.
MATCH (current:CurrentRun {kind: 'personas'})
OPTIONAL MATCH (persona:Persona {run_id: current.run_id})
RETURN current.run_id AS run_id, current.promoted AS promoted,
       coalesce(current.items_run, current.run_id) AS items_run, max(size(persona.vector)) AS dimensions,
       coalesce(current.temperature, 0.1) AS temperature // an earlier kgrec noted none
