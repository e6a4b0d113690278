// The times of each user's interactions, and how many more have none.
MATCH (user:User)
RETURN COLLECT {
         MATCH (user)-[interaction:INTERACTED]->(:Item)
         WHERE interaction.timestamp IS NOT NULL
         RETURN interaction.timestamp
       } AS times,
       COUNT {
         MATCH (user)-[interaction:INTERACTED]->(:Item)
         WHERE interaction.timestamp IS NULL
       } AS untimed
