// Features and the features that a domain's file ties them to, such as aisles and departments.
// row.type, row.from_kind and row.kind: checked in kgloader/domains/description.py.
UNWIND $rows AS row
OPTIONAL MATCH (from_author:Author {name: row.from_name}) WHERE row.from_kind = 'Author'
OPTIONAL MATCH (from_brand:Brand {name: row.from_name}) WHERE row.from_kind = 'Brand'
OPTIONAL MATCH (from_category:Category {name: row.from_name}) WHERE row.from_kind = 'Category'
OPTIONAL MATCH (from_feature:Feature {key: row.from_kind + ' ' + row.from_name})
WITH row, coalesce(from_author, from_brand, from_category, from_feature) AS source
OPTIONAL MATCH (author:Author {name: row.name}) WHERE row.kind = 'Author'
OPTIONAL MATCH (brand:Brand {name: row.name}) WHERE row.kind = 'Brand'
OPTIONAL MATCH (category:Category {name: row.name}) WHERE row.kind = 'Category'
OPTIONAL MATCH (feature:Feature {key: row.kind + ' ' + row.name})
WITH row, source, coalesce(author, brand, category, feature) AS target
MERGE (source)-[:$(row.type)]->(target)
