// One draft of a Persona node a row; no reader sees it before its run is the current one.
// worded_by: the text model that worded the summary; null, which is no property, where the template did.
UNWIND $rows AS row
CREATE (:PersonaDraft {
  persona_id: row.persona_id, run_id: $run_id, number: row.number, name: row.name, summary: row.summary,
  worded_by: row.worded_by, size: row.size, vector: row.vector, x: row.x, y: row.y
})
