// Items of similar texts are tied by the current run only.
// Remedy: Run `kgrec load embeddings` again: it removes what was left.
OPTIONAL MATCH (current:CurrentRun {kind: 'similar_to'})
MATCH (item:Item)-[similar:SIMILAR_TO]->(other:Item)
WHERE coalesce(similar.run <> current.run_id, true)
RETURN item.item_id + ' and ' + other.item_id AS what
