// Items by words of their titles, the best of each query first, as project/features_named gives features.
// $queries: Lucene's; $n: how many at most of each.
UNWIND $queries AS query
CALL db.index.fulltext.queryNodes('item_titles', query, {limit: $n}) YIELD node, score
RETURN query, 'Item ' + node.item_id AS key, 'Item' AS kind, node.title AS name, [node.item_id] AS item_ids
ORDER BY score DESC, key
