// Nodes of the kinds that a domain's file describes: shared ones by their name, others as Feature, with the kind as a
// second label. row.kind: checked in kgloader/domains/description.py, never of the data.
UNWIND $rows AS row
FOREACH (_ IN CASE row.kind WHEN 'Author' THEN [1] ELSE [] END | MERGE (:Author {name: row.name}))
FOREACH (_ IN CASE row.kind WHEN 'Brand' THEN [1] ELSE [] END | MERGE (:Brand {name: row.name}))
FOREACH (_ IN CASE row.kind WHEN 'Category' THEN [1] ELSE [] END | MERGE (:Category {name: row.name}))
FOREACH (_ IN CASE WHEN row.kind IN ['Author', 'Brand', 'Category'] THEN [] ELSE [1] END |
  MERGE (feature:Feature {key: row.kind + ' ' + row.name})
  ON CREATE SET feature.name = row.name, feature:$(row.kind)
)
