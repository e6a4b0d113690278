// What the entities of items lead to by facts of one type.
MATCH (middle:Entity)
WHERE middle.uri CONTAINS '://' AND EXISTS {
  (middle)<-[fact]-(:Entity)<-[:SAME_AS]-(:Item) WHERE type(fact) = $type
}
RETURN middle.uri AS uri
ORDER BY uri
