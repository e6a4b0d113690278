// Items and what a domain's file ties them to. row.type and row.kind: checked in kgloader/domains/description.py.
UNWIND $rows AS row
MATCH (item:Item {item_id: row.item_id})
OPTIONAL MATCH (author:Author {name: row.name}) WHERE row.kind = 'Author'
OPTIONAL MATCH (brand:Brand {name: row.name}) WHERE row.kind = 'Brand'
OPTIONAL MATCH (category:Category {name: row.name}) WHERE row.kind = 'Category'
OPTIONAL MATCH (feature:Feature {key: row.kind + ' ' + row.name})
WITH row, item, coalesce(author, brand, category, feature) AS feature
MERGE (item)-[:$(row.type)]->(feature)
