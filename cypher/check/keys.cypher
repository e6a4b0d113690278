// Every node has its key, a text that is not empty.
// Remedy: Remove the node, in Browser: no load makes one like it.
CALL () {
  MATCH (node:User) WHERE NOT node.user_id IS :: STRING NOT NULL OR node.user_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Item) WHERE NOT node.item_id IS :: STRING NOT NULL OR node.item_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Author|Brand|Category|Split)
  WHERE NOT node.name IS :: STRING NOT NULL OR node.name = ''
  RETURN node
  UNION ALL
  MATCH (node:Session) WHERE NOT node.session_id IS :: STRING NOT NULL OR node.session_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Entity) WHERE NOT node.uri IS :: STRING NOT NULL OR node.uri = ''
  RETURN node
  UNION ALL
  MATCH (node:Persona) WHERE NOT node.persona_id IS :: STRING NOT NULL OR node.persona_id = ''
  RETURN node
  UNION ALL
  MATCH (node:EvaluationPersona)
  WHERE NOT node.run_id IS :: STRING NOT NULL OR NOT node.user_id IS :: STRING NOT NULL
  RETURN node
  UNION ALL
  MATCH (node:ItemPersona) WHERE NOT node.run_id IS :: STRING NOT NULL OR NOT node.item_id IS :: STRING NOT NULL
  RETURN node
  UNION ALL
  MATCH (node:CurrentRun) WHERE NOT node.kind IS :: STRING NOT NULL OR NOT node.run_id IS :: STRING NOT NULL
  RETURN node
  UNION ALL
  MATCH (node:LoadProgress) WHERE NOT node.load_id IS :: STRING NOT NULL
  RETURN node
}
RETURN labels(node)[0] + ' ' + elementId(node) + coalesce(', named ' + toStringOrNull(node.name), '') AS what
