// The next users after one, in the order of their ids: items of each, oldest first, what they dislike and what they
// said to be interested in, as in project/histories; the persona vector of one run, if any; and whether anything is
// known of them.
// By the index, as in project/user_ids.
// $promoted: as in project/user_personas.
MATCH (user:User)
USING INDEX SEEK user:User(user_id)
WHERE user.user_id > $after
WITH user
ORDER BY user.user_id
LIMIT $n
CALL (user) {
  WITH user, COLLECT { MATCH (user)-[:DISLIKES]->(item:Item) RETURN item.item_id } AS disliked
  OPTIONAL MATCH (user)-[told:INTERACTED|LIKES]->(item:Item)
  WHERE NOT item.item_id IN disliked AND (type(told) = 'INTERACTED' OR NOT EXISTS { (user)-[:INTERACTED]->(item) })
  WITH disliked, told, item.item_id AS item_id
  ORDER BY told.timestamp IS NOT NULL, told.timestamp, told.tie, told.position, item_id
  RETURN disliked, collect(item_id) AS item_ids
}
RETURN user.user_id AS user_id, item_ids, disliked,
       COLLECT {
         MATCH (user)-[:STATED_INTEREST]->(feature)
         WITH feature, coalesce(feature.uri, feature.key, labels(feature)[0] + ' ' + feature.name) AS key ORDER BY key
         RETURN {
           kind: [label IN labels(feature) WHERE label <> 'Feature'][0], key: key,
           name: coalesce(feature.label, feature.name, feature.uri),
           item_ids: COLLECT { MATCH (feature)<-[:SAME_AS]-(item:Item) RETURN item.item_id ORDER BY item.item_id }
         }
       } AS interests,
       size(item_ids) > 0 OR EXISTS { (user)-[:STATED_INTEREST]->() } AS known, CASE
  WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run = $run_id THEN user.persona
END AS vector
ORDER BY user_id
