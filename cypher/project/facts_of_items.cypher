// What some items have, each fact once, with the way to it: key as project/item_facts has it, source "catalogue" or
// "DBpedia", way the type of the relationship; of DBpedia also the page that the item is the same as.
UNWIND $item_ids AS item_id
MATCH (item:Item {item_id: item_id})
CALL (item) {
  MATCH (item)-[tie:BY|IN_CATEGORY|HAS_FEATURE]->(fact)
  RETURN 'catalogue' AS source, fact, min(type(tie)) AS way, null AS page
  UNION ALL
  MATCH (item)-[:SAME_AS]->(page:Entity)-[tie]->(fact:Entity)
  RETURN 'DBpedia' AS source, fact, min(type(tie)) AS way, head(collect(page)) AS page
}
RETURN item_id, source, way, elementId(fact) AS id,
       CASE source WHEN 'DBpedia' THEN fact.uri ELSE coalesce(fact.key, labels(fact)[0] + ' ' + fact.name) END AS key,
       [label IN labels(fact) WHERE label <> 'Feature'][0] AS kind, coalesce(fact.label, fact.name, fact.uri) AS name,
       page.uri AS page, coalesce(page.label, page.uri) AS page_name
