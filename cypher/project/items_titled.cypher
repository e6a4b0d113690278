// Items by words of their titles, the best first, as project/features_named gives features.
// $query: Lucene's; $n: how many at most.
CALL db.index.fulltext.queryNodes('item_titles', $query, {limit: $n}) YIELD node, score
RETURN 'Item ' + node.item_id AS key, 'Item' AS kind, node.title AS name, [node.item_id] AS item_ids
ORDER BY score DESC, key
