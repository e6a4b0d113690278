// Sessions of changed users: a gap of more than $gap milliseconds between two interactions starts a new one.
// Interactions without a time belong to no session. The name, for Neo4j Browser, is the day of the start in UTC and the
// length, such as "2014-05-03, 3 items".
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WHERE interaction.timestamp IS NOT NULL
  WITH interaction, item
  ORDER BY interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect(item) AS items, collect(interaction.timestamp) AS times, collect(interaction.split) AS splits
}
WITH user, items, times, splits,
     [place IN range(0, size(times) - 1) WHERE place = 0 OR times[place] - times[place - 1] > $gap] AS starts
UNWIND range(0, size(starts) - 1) AS nth
WITH user, items, times, splits, starts[nth] AS start, coalesce(starts[nth + 1], size(times)) AS end
CREATE (user)-[:HAS_SESSION]->(session:Session {
  name: toString(date(datetime({epochMillis: times[start]}))) + ', ' +
        CASE end - start WHEN 1 THEN '1 item' ELSE toString(end - start) + ' items' END,
  session_id: user.user_id + '@' + toString(times[start]),
  started_at: times[start],
  ended_at: times[end - 1],
  length: end - start
})
WITH items, times, splits, session, start, end
UNWIND range(start, end - 1) AS place
WITH session, items[place] AS item, times[place] AS time, splits[place] AS split
CREATE (session)-[:CONTAINS {timestamp: time, split: split}]->(item)
