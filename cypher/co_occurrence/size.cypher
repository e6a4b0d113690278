// How many relationships of all runs of CO_OCCURS_WITH there are: Neo4j keeps count of them.
MATCH ()-[tie:CO_OCCURS_WITH]->()
RETURN count(tie) AS ties
