// How many interactions have the time of another one of the same user, and how many have none.
MATCH (user:User)
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(:Item)
  WITH interaction.timestamp AS time, count(*) AS together
  RETURN sum(together) AS interactions,
         sum(CASE WHEN time IS NOT NULL AND together > 1 THEN together ELSE 0 END) AS tied,
         sum(CASE WHEN time IS NULL THEN together ELSE 0 END) AS untimed
}
RETURN sum(interactions) AS interactions, sum(tied) AS tied, sum(untimed) AS untimed
