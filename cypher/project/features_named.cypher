// Features by words of their names, the best first, with the items whose page each is.
// Keys are those of project/item_facts. $query: Lucene's; $n: how many at most.
CALL db.index.fulltext.queryNodes('feature_names', $query, {limit: $n}) YIELD node, score
RETURN coalesce(node.uri, node.key, labels(node)[0] + ' ' + node.name) AS key, labels(node)[0] AS kind,
       coalesce(node.label, node.name, node.uri) AS name,
       COLLECT { MATCH (node)<-[:SAME_AS]-(item:Item) RETURN item.item_id ORDER BY item.item_id LIMIT 5 } AS item_ids
ORDER BY score DESC, key
