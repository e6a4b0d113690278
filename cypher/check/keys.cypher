// Every node has its key, a text that is not empty.
// Remedy: Remove the node, in Browser: no load makes one like it.
// IS NULL is asked apart: for IS :: STRING NOT NULL, Neo4j 5.26 reads a key's index, which has no node without the key.
CALL () {
  MATCH (node:User) WHERE node.user_id IS NULL OR NOT node.user_id IS :: STRING OR node.user_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Item) WHERE node.item_id IS NULL OR NOT node.item_id IS :: STRING OR node.item_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Author|Brand|Category|Split)
  WHERE node.name IS NULL OR NOT node.name IS :: STRING OR node.name = ''
  RETURN node
  UNION ALL
  MATCH (node:Session) WHERE node.session_id IS NULL OR NOT node.session_id IS :: STRING OR node.session_id = ''
  RETURN node
  UNION ALL
  MATCH (node:Entity) WHERE node.uri IS NULL OR NOT node.uri IS :: STRING OR node.uri = ''
  RETURN node
  UNION ALL
  MATCH (node:Persona) WHERE node.persona_id IS NULL OR NOT node.persona_id IS :: STRING OR node.persona_id = ''
  RETURN node
  UNION ALL
  MATCH (node:EvaluationPersona)
  WHERE node.run_id IS NULL OR NOT node.run_id IS :: STRING OR node.user_id IS NULL OR NOT node.user_id IS :: STRING
  RETURN node
  UNION ALL
  MATCH (node:ItemPersona)
  WHERE node.run_id IS NULL OR NOT node.run_id IS :: STRING OR node.item_id IS NULL OR NOT node.item_id IS :: STRING
  RETURN node
  UNION ALL
  MATCH (node:CurrentRun)
  WHERE node.kind IS NULL OR NOT node.kind IS :: STRING OR node.run_id IS NULL OR NOT node.run_id IS :: STRING
  RETURN node
  UNION ALL
  MATCH (node:LoadProgress) WHERE node.load_id IS NULL OR NOT node.load_id IS :: STRING
  RETURN node
}
RETURN labels(node)[0] + ' ' + elementId(node) + coalesce(', named ' + toStringOrNull(node.name), '') AS what
