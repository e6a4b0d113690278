// A user's profile, as a picture: the strongest interests and the user's items behind them. For Browser's graph view.
WITH null AS user_id
MATCH (user:User)
WHERE user_id IS NULL OR user.user_id = user_id
WITH user ORDER BY COUNT { (user)-[:INTERACTED]->() } DESC, user.user_id LIMIT 1
MATCH (current:CurrentRun {kind: 'profiles'})
MATCH (user)-[interest:INTERESTED_IN]->(feature)
WHERE interest.run = current.run_id
  AND NOT coalesce(feature.label, feature.name, feature.uri) =~ (
    // what Wikipedia keeps house by, as kgrec/housekeeping.py has it
    '(?is).*(?:' +
    '^(All )?(articles|pages|Wikipedia articles|Wikipedia introduction|Wikimedia projects|CS1|Webarchive|' +
    'Use \\S+ (dates|English))\\b' +
    '|\\b(articles|pages) (containing|lacking|needing|requiring|to be|using|with|without)\\b' +
    '|^(Date|Place|Year) of .* (missing|unknown|uncertain)\\b|\\bstubs$' +
    '|^(?>.*?-related ).*articles$|^Short description\\b' +
    ').*'
  )
WITH user, interest, feature
ORDER BY interest.weight DESC, coalesce(feature.label, feature.name, feature.uri), labels(feature)[0]
LIMIT 10
CALL (user, interest, feature) {
  MATCH path = (user)-[interest]->(feature)
  RETURN path
  UNION
  MATCH path = (user)-[:INTERACTED]->(own:Item)-[:BY|IN_CATEGORY|HAS_FEATURE]->(feature)
  RETURN path ORDER BY own.item_id LIMIT 3
  UNION
  MATCH path = (user)-[:INTERACTED]->(own:Item)-[:SAME_AS]->(:Entity)-->(feature)
  RETURN path ORDER BY own.item_id LIMIT 3
}
RETURN path
