// One draft of a Persona node a row; no reader sees it before its run is the current one.
UNWIND $rows AS row
CREATE (:PersonaDraft {
  persona_id: row.persona_id, run_id: $run_id, number: row.number, name: row.name, summary: row.summary,
  size: row.size, vector: row.vector, x: row.x, y: row.y
})
