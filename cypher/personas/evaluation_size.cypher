// How many vectors of users of all fits and runs there are: Neo4j keeps count of them.
MATCH (evaluation:EvaluationPersona)
RETURN count(evaluation) AS users
