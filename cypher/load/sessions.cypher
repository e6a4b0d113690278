// Sessions of changed users: a gap of more than $gap milliseconds between two interactions starts a new one.
// Interactions without a time belong to no session. The name, for Neo4j Browser, is the day of the start in UTC and the
// length, such as "2014-05-03, 3 items".
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})-[interaction:INTERACTED]->(item:Item)
WHERE interaction.timestamp IS NOT NULL
WITH user, interaction, item
ORDER BY interaction.timestamp, interaction.tie, interaction.position, item.item_id
WITH user,
     collect({item: item, timestamp: interaction.timestamp, split: interaction.split}) AS visits
WITH user, visits,
     [place IN range(0, size(visits) - 1)
      WHERE place = 0 OR visits[place].timestamp - visits[place - 1].timestamp > $gap] + [size(visits)] AS borders
UNWIND range(0, size(borders) - 2) AS nth
WITH user, visits[borders[nth]..borders[nth + 1]] AS visits
CREATE (user)-[:HAS_SESSION]->(session:Session {
  name: toString(date(datetime({epochMillis: visits[0].timestamp}))) + ', ' +
        CASE size(visits) WHEN 1 THEN '1 item' ELSE toString(size(visits)) + ' items' END,
  session_id: user.user_id + '@' + toString(visits[0].timestamp),
  started_at: visits[0].timestamp,
  ended_at: visits[-1].timestamp,
  length: size(visits)
})
WITH session, visits
UNWIND visits AS visit
WITH session, visit, visit.item AS item
CREATE (session)-[:CONTAINS {timestamp: visit.timestamp, split: visit.split}]->(item)
