// Write what a batch of users is interested in, which nobody reads before its run is the current one.
// $rows: {user_id, label, key, weight, items}; label and key say which feature it is.
UNWIND $rows AS row
MATCH (user:User {user_id: row.user_id})
OPTIONAL MATCH (author:Author {name: row.key}) WHERE row.label = 'Author'
OPTIONAL MATCH (brand:Brand {name: row.key}) WHERE row.label = 'Brand'
OPTIONAL MATCH (category:Category {name: row.key}) WHERE row.label = 'Category'
OPTIONAL MATCH (entity:Entity {uri: row.key}) WHERE row.label = 'Entity'
OPTIONAL MATCH (described:Feature {key: row.label + ' ' + row.key})
WITH user, row, coalesce(author, brand, category, entity, described) AS feature
WHERE feature IS NOT NULL // else removed a moment ago
CREATE (user)-[:INTERESTED_IN {weight: row.weight, items: row.items, run: $run_id}]->(feature)
