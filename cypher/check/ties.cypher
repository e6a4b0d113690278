// No item is tied to itself.
// Remedy: Remove the relationship, in Browser, and run `kgrec train personas` again.
MATCH (item)-[tie:SIMILAR_TO|CO_OCCURS_WITH|ALSO_BOUGHT|ALSO_VIEWED]->(other)
WHERE item = other // a join of both ends would be slower
RETURN item.item_id + ' ' + type(tie) AS what
