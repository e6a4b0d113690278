// Items of some users, oldest first, in the order of project/sequences, and what they dislike, which is none of those.
// A liked item counts as if it had been chosen then. With what they said to be interested in: key as project/item_facts
// has it, and the items whose page it is. Users of whom nothing is known are left out.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  WITH user, COLLECT { MATCH (user)-[:DISLIKES]->(item:Item) RETURN item.item_id } AS disliked
  OPTIONAL MATCH (user)-[told:INTERACTED|LIKES]->(item:Item)
  WHERE NOT item.item_id IN disliked AND (type(told) = 'INTERACTED' OR NOT EXISTS { (user)-[:INTERACTED]->(item) })
  WITH disliked, told, item.item_id AS item_id
  ORDER BY told.timestamp IS NOT NULL, told.timestamp, told.tie, told.position, item_id
  RETURN disliked, collect(item_id) AS item_ids
}
WITH user, item_ids, disliked
WHERE size(item_ids) > 0 OR EXISTS { (user)-[:STATED_INTEREST]->() }
RETURN user.user_id AS user_id, item_ids, disliked,
       COLLECT {
         MATCH (user)-[:STATED_INTEREST]->(feature)
         WITH feature, coalesce(feature.uri, feature.key, labels(feature)[0] + ' ' + feature.name) AS key ORDER BY key
         RETURN {
           kind: [label IN labels(feature) WHERE label <> 'Feature'][0], key: key,
           name: coalesce(feature.label, feature.name, feature.uri),
           item_ids: COLLECT { MATCH (feature)<-[:SAME_AS]-(item:Item) RETURN item.item_id ORDER BY item.item_id }
         }
       } AS interests
