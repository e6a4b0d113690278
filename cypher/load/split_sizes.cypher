// How many interactions each part of the split has.
MATCH (:User)-[interaction:INTERACTED]->(:Item)
RETURN interaction.split AS split, count(*) AS interactions
