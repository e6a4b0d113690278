// What is told of each item: its makers, categories and a domain's other features, and what the page that it is the
// same as is tied to in DBpedia. Every fact once, whatever the ways to it.
MATCH (item:Item)
WHERE item.item_id IS NOT NULL // so that the key's index gives the order
RETURN item.item_id AS item_id,
       COLLECT {
         MATCH (item)-[:BY|IN_CATEGORY|HAS_FEATURE]->(fact)
         RETURN DISTINCT coalesce(fact.key, labels(fact)[0] + ' ' + fact.name)
       } AS catalogue,
       COLLECT { MATCH (item)-[:SAME_AS]->(:Entity)-->(fact:Entity) RETURN DISTINCT fact.uri } AS DBpedia
ORDER BY item.item_id
