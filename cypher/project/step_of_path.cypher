// One step of a meta-path from some nodes: what each leads to by relationships of some types, as project/personas has them.
// Keys are those of project/item_facts; an item goes by its id.
// $node_ids: elements' ids; $types: of the relationships.
UNWIND $node_ids AS node_id
MATCH (source)
WHERE elementId(source) = node_id
MATCH (source)-[fact:$any($types)]->(target:Item|Category|Brand|Author|Feature|Entity)
WHERE (source:Item OR NOT target:Item)
  AND (type(fact) <> 'SIMILAR_TO' OR EXISTS { (:CurrentRun {kind: 'similar_to', run_id: fact.run}) })
WITH DISTINCT node_id, target
RETURN node_id, collect(elementId(target)) AS targets, collect(CASE
  WHEN target:Item THEN 'Item ' + target.item_id
  WHEN target:Entity THEN target.uri
  ELSE coalesce(target.key, labels(target)[0] + ' ' + target.name, '')
END) AS keys
