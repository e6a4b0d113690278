// How many relationships of all runs of INTERESTED_IN there are: Neo4j keeps count of them.
MATCH ()-[interest:INTERESTED_IN]->()
RETURN count(interest) AS interests
