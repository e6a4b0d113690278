// One Persona node a row.
UNWIND $rows AS row
CREATE (:Persona {
  persona_id: row.persona_id, run_id: $run_id, name: row.name, size: row.size, vector: row.vector
})
