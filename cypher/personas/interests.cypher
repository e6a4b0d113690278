// Write what a batch of users is interested in, which nobody reads before its run is the current one.
// $features: {label, key}, which say which node each is. $interests (places in $features), $weights and $items go
// together, place by place; those of a user in $user_ids begin where $offsets says, and end where the next one's begin.
CALL () {
  UNWIND $features AS row
  OPTIONAL MATCH (author:Author {name: row.key}) WHERE row.label = 'Author'
  OPTIONAL MATCH (brand:Brand {name: row.key}) WHERE row.label = 'Brand'
  OPTIONAL MATCH (category:Category {name: row.key}) WHERE row.label = 'Category'
  OPTIONAL MATCH (entity:Entity {uri: row.key}) WHERE row.label = 'Entity'
  OPTIONAL MATCH (described:Feature {key: row.label + ' ' + row.key})
  RETURN collect({node: coalesce(author, brand, category, entity, described)}) AS features
}
UNWIND range(0, size($user_ids) - 1) AS place
MATCH (user:User {user_id: $user_ids[place]})
UNWIND range($offsets[place], $offsets[place + 1] - 1) AS at
WITH user, features[$interests[at]].node AS feature, at
WHERE feature IS NOT NULL // else removed a moment ago
CREATE (user)-[:INTERESTED_IN {weight: $weights[at], items: $items[at], run: $run_id}]->(feature)
