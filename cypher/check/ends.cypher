// Relationships join the kinds of nodes that they are meant for.
// Remedy: Remove the relationship, in Browser, and see who else writes into this graph.
CALL () {
  MATCH (start)-[relationship:INTERACTED]->(end) WHERE NOT start:User OR NOT end:Item
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:HAS_SESSION]->(end) WHERE NOT start:User OR NOT end:Session
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:CONTAINS]->(end) WHERE NOT start:Session OR NOT end:Item
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:SIMILAR_TO|ALSO_BOUGHT|ALSO_VIEWED]->(end) WHERE NOT start:Item OR NOT end:Item
  RETURN start, relationship, end
  UNION ALL
  WITH COUNT { ()-[:CO_OCCURS_WITH]->() } AS ties // Neo4j keeps these counts; so many are looked at only if they differ
  WHERE ties <> COUNT { (:Item)-[:CO_OCCURS_WITH]->() } OR ties <> COUNT { ()-[:CO_OCCURS_WITH]->(:Item) }
  MATCH (start)-[relationship:CO_OCCURS_WITH]->(end) WHERE NOT start:Item OR NOT end:Item
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:SAME_AS]->(end) WHERE NOT start:Item OR NOT end:Entity
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:HAS_PERSONA]->(end)
  WHERE NOT start:User OR NOT end:Persona|PersonaDraft|PersonaRetired
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:INTERESTED_IN]->(end) WHERE NOT start:User
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:CHARACTERISED_BY]->(end) WHERE NOT start:Persona|PersonaDraft|PersonaRetired
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:TYPICAL|COUNTER_EXAMPLE]->(end)
  WHERE NOT start:Persona|PersonaDraft|PersonaRetired OR NOT end:Item
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:BY|IN_CATEGORY]->(end) WHERE NOT start:Item
  RETURN start, relationship, end
}
RETURN coalesce(labels(start)[0], 'a node') + ' ' + type(relationship) + ' ' + coalesce(labels(end)[0], 'a node') + ', '
     + elementId(relationship) AS what
