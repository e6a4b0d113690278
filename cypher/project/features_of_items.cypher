// What some items have: makers, categories and a domain's other features, and what the page that each is the same as is
// tied to in DBpedia. From the items alone, so that a feature of very many items costs no more than another.
UNWIND $item_ids AS item_id
MATCH (item:Item {item_id: item_id})
CALL (item) {
  MATCH (item)-[:BY|IN_CATEGORY|HAS_FEATURE]->(feature)
  RETURN feature
  UNION
  MATCH (item)-[:SAME_AS]->(:Entity)-->(feature:Entity)
  RETURN feature
}
RETURN item_id, collect(elementId(feature)) AS features,
       collect(coalesce(feature.label, feature.name, feature.uri)) AS names
