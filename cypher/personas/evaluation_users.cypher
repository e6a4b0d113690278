// Write a batch of users' vectors of one fit, which nobody reads before their run is the current one.
// They are apart from the users, whose personas are those of the final fit.
UNWIND $rows AS row
CREATE (evaluation:EvaluationPersona {run_id: $run_id, user_id: row.user_id, fit: $fit, persona: row.persona})
WITH evaluation, row
CALL db.create.setNodeVectorProperty(evaluation, 'vector', row.vector)
