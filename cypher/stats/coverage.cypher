// What each source covers: how many items, users, entities and interactions have what it brings.
CALL () {
  OPTIONAL MATCH (current:CurrentRun {kind: 'co-occurrence of final'})
  MATCH (item:Item)
  WITH count(*) AS total,
       count(item.title) AS title, count(item.description) AS description, count(item.embedding) AS embedding,
       count(CASE WHEN EXISTS { (item)-[:BY]->() } THEN 1 END) AS maker,
       count(CASE WHEN EXISTS { (item)-[:IN_CATEGORY]->() } THEN 1 END) AS category,
       count(CASE WHEN EXISTS { (item)-[:SAME_AS]->() } THEN 1 END) AS entity,
       count(CASE WHEN EXISTS { (item)-[:SAME_AS]->(:Entity)-->(:Entity) } THEN 1 END) AS fact,
       count(CASE WHEN EXISTS { (item)-[:SIMILAR_TO]->() } THEN 1 END) AS similar,
       count(CASE WHEN EXISTS { (item)-[:CO_OCCURS_WITH {run: current.run_id}]->() } THEN 1 END) AS co_occurring
  UNWIND [
    ['a title', title], ['a description', description], ['a maker', maker], ['a category', category],
    ['a text embedding', embedding], ['similar items', similar], ['a DBpedia entity', entity],
    ['a fact of it', fact], ['co-occurring items', co_occurring]
  ] AS pair
  RETURN 'items' AS of, pair[0] AS what, pair[1] AS covered, total
  UNION ALL
  OPTIONAL MATCH (current:CurrentRun {kind: 'personas'})
  MATCH (user:User)
  WITH count(*) AS total, count(CASE
         WHEN user.persona_run = current.run_id OR user.persona_next_run = current.run_id THEN 1
       END) AS persona,
       count(CASE WHEN EXISTS { (user)-[:INTERESTED_IN]->() } THEN 1 END) AS profile,
       count(CASE WHEN EXISTS { (user)-[:HAS_SESSION]->() } THEN 1 END) AS session
  UNWIND [['a persona', persona], ['a profile', profile], ['a session', session]] AS pair
  RETURN 'users' AS of, pair[0] AS what, pair[1] AS covered, total
  UNION ALL
  MATCH (:User)-[interaction:INTERACTED]->(:Item)
  WITH count(*) AS total, count(interaction.timestamp) AS time, count(interaction.rating) AS rating,
       count(CASE interaction.split WHEN 'train' THEN 1 END) AS train,
       count(CASE interaction.split WHEN 'validation' THEN 1 END) AS validation,
       count(CASE interaction.split WHEN 'test' THEN 1 END) AS test
  UNWIND [
    ['a time', time], ['a rating', rating], ['a place in training', train], ['one in validation', validation],
    ['one in the test', test]
  ] AS pair
  RETURN 'interactions' AS of, pair[0] AS what, pair[1] AS covered, total
}
RETURN of, what, covered, total
