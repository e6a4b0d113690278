// How many nodes there are of each label, and how many of them have no relationship.
MATCH (node)
WITH CASE labels(node) WHEN [] THEN ['no label'] ELSE labels(node) END AS labels, EXISTS { (node)--() } AS tied
UNWIND labels AS label
RETURN label, count(*) AS nodes, count(CASE WHEN NOT tied THEN 1 END) AS alone
ORDER BY nodes DESC, label
