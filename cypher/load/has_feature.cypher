// Items and their features once more, whatever the type that their domain gave it: profiles, reasons and texts walk one
// type for all domains, as one that is read off the data would have to be looked for among all ties of an item.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
OPTIONAL MATCH (author:Author {name: row.name}) WHERE row.kind = 'Author'
OPTIONAL MATCH (brand:Brand {name: row.name}) WHERE row.kind = 'Brand'
OPTIONAL MATCH (category:Category {name: row.name}) WHERE row.kind = 'Category'
OPTIONAL MATCH (feature:Feature {key: row.kind + ' ' + row.name})
WITH item, coalesce(author, brand, category, feature) AS feature
MERGE (item)-[:HAS_FEATURE]->(feature)
