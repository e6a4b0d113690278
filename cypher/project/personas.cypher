// The graph that personas are learned from, projected into the GDS catalog.
// Each split's interactions are a relationship type of their own, such as INTERACTED:train, so that every fit can take
// those that it learns from; Sessions, which hold interactions of all splits, never enter. What co-occurs in a fit's
// interactions has a type of its own as well, such as CO_OCCURS_WITH:test.
// Repeated relationships count once; they are told apart within one node at a time, which takes little memory.
// $graph_name: name in the catalog; $resources: threads, or the memory of an Aura session;
// $types: the relationship types that the meta-paths walk; $splits: of interactions;
// $co_occurrence: {fit, run_id} of what is wanted of CO_OCCURS_WITH, which has to be left out of $types.
CALL () {
  MATCH (source:User)
  CALL (source) {
    MATCH (source)-[interaction:INTERACTED]->(target:Item)
    WHERE interaction.split IN $splits
    RETURN DISTINCT target, interaction.split AS split
  }
  RETURN source, target, 'INTERACTED:' + split AS kind
  UNION ALL
  MATCH (source:Item)
  CALL (source) {
    MATCH (source)-[fact]->(target:Item|Category|Brand|Author|Feature|Entity)
    WHERE type(fact) IN $types
      AND (type(fact) <> 'SIMILAR_TO' OR EXISTS { (:CurrentRun {kind: 'similar_to', run_id: fact.run}) })
    RETURN DISTINCT target, type(fact) AS kind
  }
  RETURN source, target, kind
  UNION ALL
  UNWIND $co_occurrence AS current
  MATCH (source:Item)-[:CO_OCCURS_WITH {run: current.run_id}]->(target:Item)
  RETURN source, target, 'CO_OCCURS_WITH:' + current.fit AS kind
  UNION ALL
  MATCH (source:Entity|Category|Brand|Author|Feature)
  CALL (source) {
    MATCH (source)-[fact]->(target:Entity|Category|Brand|Author|Feature)
    WHERE type(fact) IN $types
    RETURN DISTINCT target, type(fact) AS kind
  }
  RETURN source, target, kind
}
WITH gds.graph.project(
  $graph_name, source, target,
  {sourceNodeLabels: labels(source), targetNodeLabels: labels(target), relationshipType: kind},
  $resources
) AS projected
RETURN projected.nodeCount AS nodes, projected.relationshipCount AS relationships
