// Why an item, as a picture: paths from a user through own items, by the rarest shared entities, and by co-occurrence.
// Over stated interests that it has, too.
// For Browser's graph view, which ties all that it shows: few items, so that the picture can be read.
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
  MATCH (item)-[:SAME_AS]->(:Entity)-->(shared:Entity)<--(:Entity)<-[:SAME_AS]-(own:Item)<-[:INTERACTED|LIKES]-(user)
  WHERE own <> item
    AND NOT coalesce(shared.label, shared.uri) =~ (
      // what Wikipedia keeps house by, as kgrec/housekeeping.py has it
      '(?is).*(?:' +
      '^(All )?(articles|pages|Wikipedia articles|Wikipedia introduction|Wikimedia projects|CS1|Webarchive|' +
      'Use \\S+ (dates|English))\\b' +
      '|\\b(articles|pages) (containing|lacking|needing|requiring|to be|using|with|without)\\b' +
      '|^(Date|Place|Year) of .* (missing|unknown|uncertain)\\b|\\bstubs$' +
      '|^(?>.*?-related ).*articles$|^Short description\\b' +
      ').*'
    )
  WITH DISTINCT user, item, shared, own
  WHERE COUNT { MATCH (shared)<--(:Entity)<-[:SAME_AS]-(other:Item) RETURN DISTINCT other } < 0.5 * COUNT { (:Item) }
  ORDER BY COUNT { (shared)<--(:Entity) }, shared.label, shared.uri, own.item_id LIMIT 3
  MATCH path = (user)-[:INTERACTED|LIKES]->(own)-[:SAME_AS]->(:Entity)-->(shared)<--(:Entity)<-[:SAME_AS]-(item)
  RETURN path
  UNION
  MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
  MATCH (item)-[tie:CO_OCCURS_WITH {run: current.run_id}]->(own:Item)
  WHERE EXISTS { (user)-[:INTERACTED|LIKES]->(own) }
  WITH user, item, tie, own ORDER BY tie.cosine DESC, own.item_id LIMIT 2
  MATCH path = (user)-[:INTERACTED|LIKES]->(own)<-[tie]-(item)
  RETURN path
  UNION
  MATCH path = (user)-[:STATED_INTEREST]->(interest)<-[:BY|IN_CATEGORY|HAS_FEATURE|SAME_AS]-(item)
  WHERE COUNT { (interest)<-[:BY|IN_CATEGORY|HAS_FEATURE|SAME_AS]-(:Item) } < 0.5 * COUNT { (:Item) }
  RETURN path
  UNION
  MATCH path = (user)-[:STATED_INTEREST]->(interest:Entity)<--(:Entity)<-[:SAME_AS]-(item)
  WHERE COUNT { MATCH (interest)<--(:Entity)<-[:SAME_AS]-(other:Item) RETURN DISTINCT other } < 0.5 * COUNT { (:Item) }
  RETURN path
}
RETURN path
