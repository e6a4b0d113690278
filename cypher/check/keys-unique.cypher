// No two nodes of a kind have the same key.
// Remedy: Join the nodes or remove one, in Browser; any `kgrec load` then makes the missing constraint.
CALL () {
  MATCH (node:User) WHERE node.user_id IS NOT NULL
  WITH node.user_id AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'User' AS kind, key, nodes
  UNION ALL
  MATCH (node:Item) WHERE node.item_id IS NOT NULL
  WITH node.item_id AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Item' AS kind, key, nodes
  UNION ALL
  MATCH (node:Author) WHERE node.name IS NOT NULL
  WITH node.name AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Author' AS kind, key, nodes
  UNION ALL
  MATCH (node:Brand) WHERE node.name IS NOT NULL
  WITH node.name AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Brand' AS kind, key, nodes
  UNION ALL
  MATCH (node:Category) WHERE node.name IS NOT NULL
  WITH node.name AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Category' AS kind, key, nodes
  UNION ALL
  MATCH (node:Session) WHERE node.session_id IS NOT NULL
  WITH node.session_id AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Session' AS kind, key, nodes
  UNION ALL
  MATCH (node:Entity) WHERE node.uri IS NOT NULL
  WITH node.uri AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Entity' AS kind, key, nodes
  UNION ALL
  MATCH (node:Persona) WHERE node.persona_id IS NOT NULL
  WITH node.persona_id AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Persona' AS kind, key, nodes
  UNION ALL
  MATCH (node:EvaluationPersona) WHERE node.run_id IS NOT NULL AND node.user_id IS NOT NULL
  WITH node.run_id AS run_id, node.user_id AS user_id, count(*) AS nodes WHERE nodes > 1
  RETURN 'EvaluationPersona' AS kind, run_id + ', ' + user_id AS key, nodes
  UNION ALL
  MATCH (node:ItemPersona) WHERE node.run_id IS NOT NULL AND node.item_id IS NOT NULL
  WITH node.run_id AS run_id, node.item_id AS item_id, count(*) AS nodes WHERE nodes > 1
  RETURN 'ItemPersona' AS kind, run_id + ', ' + item_id AS key, nodes
  UNION ALL
  MATCH (node:Split)
  WITH node.name AS key, count(*) AS nodes WHERE nodes > 1
  RETURN 'Split' AS kind, key, nodes
}
RETURN kind + ' ' + key + ': ' + nodes + ' nodes' AS what
