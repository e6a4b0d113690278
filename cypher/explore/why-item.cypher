// Why an item for a user: what it shares with the user's items. Without ids, the most active user and their last item.
// First what most of those items have and few others; items: the user's that have it; of_all: all that have it. What half
// of all items share is left out.
// Of kind Item: the user's items that it co-occurs with, the nearest first, of all that it co-occurs with.
WITH null AS user_id, null AS item_id
MATCH (user:User)
WHERE user_id IS NULL OR user.user_id = user_id
WITH item_id, user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
OPTIONAL MATCH (user)-[visit:INTERACTED]->(last:Item)
WITH item_id, user, last
ORDER BY visit.timestamp IS NOT NULL DESC, visit.timestamp DESC, visit.tie DESC, visit.position DESC, last.item_id DESC LIMIT 1
MATCH (item:Item)
WHERE item.item_id = coalesce(item_id, last.item_id)
CALL (user, item) {
  CALL (user, item) {
    MATCH (item)-[:BY|IN_CATEGORY|HAS_FEATURE]->(feature)
    MATCH (feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(own:Item)<-[:INTERACTED|LIKES]-(user)
    WHERE own <> item
    RETURN feature, own
    UNION
    MATCH (item)-[:SAME_AS]->(:Entity)-->(feature:Entity)<--(:Entity)<-[:SAME_AS]-(own:Item)<-[:INTERACTED|LIKES]-(user)
    WHERE own <> item
    RETURN feature, own
  }
  WITH feature, own
  WHERE NOT coalesce(feature.label, feature.name, feature.uri) =~ (
    // what Wikipedia keeps house by, as kgrec/housekeeping.py has it
    '(?is).*(?:' +
    '^(All )?(articles|pages|Wikipedia articles|Wikipedia introduction|Wikimedia projects|CS1|Webarchive|' +
    'Use \\S+ (dates|English))\\b' +
    '|\\b(articles|pages) (containing|lacking|needing|requiring|to be|using|with|without)\\b' +
    '|^(Date|Place|Year) of .* (missing|unknown|uncertain)\\b|\\bstubs$' +
    '|^(?>.*?-related ).*articles$|^Short description\\b' +
    ').*'
  )
  WITH feature, own ORDER BY own.title, own.item_id
  WITH feature, count(DISTINCT own) AS items, collect(DISTINCT coalesce(own.title, own.item_id)) AS among
  RETURN [label IN labels(feature) WHERE label <> 'Feature'][0] AS kind,
         coalesce(feature.label, feature.name) AS shared, items, COUNT {
    MATCH (feature)<-[:BY|IN_CATEGORY|HAS_FEATURE]-(other:Item)
    RETURN other
    UNION
    MATCH (feature)<--(:Entity)<-[:SAME_AS]-(other:Item)
    RETURN other
  } AS of_all, among
  UNION
  MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
  MATCH (item)-[tie:CO_OCCURS_WITH {run: current.run_id}]->(own:Item)
  WHERE EXISTS { (own)<-[:INTERACTED|LIKES]-(user) }
  WITH item, current, own ORDER BY tie.cosine DESC, own.item_id
  WITH item, current, collect(coalesce(own.title, own.item_id)) AS among
  RETURN 'Item' AS kind, 'chosen by the same users' AS shared, size(among) AS items,
         COUNT { (item)-[:CO_OCCURS_WITH {run: current.run_id}]->() } AS of_all, among
}
WITH item, kind, shared, items, of_all, among, toFloat(COUNT { (:Item) }) AS n_items
WHERE kind = 'Item' OR of_all < 0.5 * n_items
RETURN coalesce(item.title, item.item_id) AS item, kind, shared, items, of_all, among[..3] AS among
ORDER BY items * log(n_items / of_all) DESC, shared, kind
LIMIT 20
