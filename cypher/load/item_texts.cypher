// What there is to encode of each item: title, makers, categories, description, facts; and what was encoded last.
// categories: and whatever else a domain ties the item to.
// facts: names of what the page that it is the same as is tied to in DBpedia, at most $most_facts of them. In the order
// of the alphabet, not of how rare they are: what is loaded of other items is not to change the text of this one.
MATCH (item:Item)
RETURN item.item_id AS item_id,
       item.title AS title,
       COLLECT { MATCH (item)-[:BY]->(maker) RETURN maker.name ORDER BY maker.name } AS makers,
       COLLECT {
         MATCH (item)-[:IN_CATEGORY|HAS_FEATURE]->(category)
         WITH DISTINCT category.name AS name
         RETURN name ORDER BY name
       } AS categories,
       item.description AS description,
       COLLECT {
         MATCH (item)-[:SAME_AS]->(:Entity)-->(fact:Entity)
         WITH DISTINCT coalesce(fact.label, fact.uri) AS name
         RETURN name ORDER BY name LIMIT $most_facts
       } AS facts,
       item.embedding_of AS embedding_of
ORDER BY item_id
