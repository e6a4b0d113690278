// Write a batch of users' vectors of one fit, which nobody reads before their run is the current one.
// They are apart from the users, whose personas are those of the final fit.
// $user_ids, $vectors and $names, of their personas, go together, place by place.
UNWIND range(0, size($user_ids) - 1) AS place
CREATE (evaluation:EvaluationPersona {
  run_id: $run_id, user_id: $user_ids[place], fit: $fit, persona: $names[place]
})
WITH evaluation, place
CALL db.create.setNodeVectorProperty(evaluation, 'vector', $vectors[place])
