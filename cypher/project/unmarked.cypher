// How much is not yet split into training, validation and test: more than none means an interrupted
// load, or an interrupted change of the rule.
OPTIONAL MATCH (changed:User&Changed)
WITH count(changed) AS users
OPTIONAL MATCH (:User)-[interaction:INTERACTED]->(:Item)
WHERE interaction.split IS NULL
RETURN users, count(interaction) AS interactions
