// Features by words of their names, the best of each query first, with the items whose page each is. Names and labels
// are asked for apart: whole names would stand behind labels that only have the word, where labels have it seldom.
// Keys are those of project/item_facts. $queries: Lucene's; $n: how many at most of each, of names and of labels.
UNWIND $queries AS query
CALL (query) {
  CALL db.index.fulltext.queryNodes('feature_names', 'name:(' + query + ')', {limit: $n}) YIELD node, score
  RETURN node, score
  UNION ALL
  CALL db.index.fulltext.queryNodes('feature_names', 'label:(' + query + ')', {limit: $n}) YIELD node, score
  RETURN node, score
}
RETURN query, coalesce(node.uri, node.key, labels(node)[0] + ' ' + node.name) AS key,
       [kind IN labels(node) WHERE kind <> 'Feature'][0] AS kind, coalesce(node.label, node.name, node.uri) AS name,
       elementId(node) AS feature,
       COLLECT { MATCH (node)<-[:SAME_AS]-(item:Item) RETURN item.item_id ORDER BY item.item_id LIMIT 5 } AS item_ids
ORDER BY score DESC, key
