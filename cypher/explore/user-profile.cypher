// A user's profile: what the user's items have in common and few others have; without a user, the most active one's.
// weight: part of the profile of its kind of facts, the catalogue's or DBpedia's; items: how many of the user's.
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
WITH user, interest, [label IN labels(feature) WHERE label <> 'Feature'][0] AS kind,
     coalesce(feature.label, feature.name, feature.uri) AS interested_in
RETURN user.user_id AS user_id, kind, interested_in, round(interest.weight, 3) AS weight, interest.items AS items
ORDER BY interest.weight DESC, interested_in, kind
LIMIT 30
