// What project/personas needs at least, in bytes, by GDS's estimate.
// $types: the relationship types that are walked; $co_occurrence: {fit, run_id} of what is wanted of CO_OCCURS_WITH.
MATCH (user:User)
WITH count(user) AS users
MATCH (item:Item|Category|Brand|Author|Entity)
WITH users + count(item) AS nodes
MATCH ()-[interaction:INTERACTED]->()
WITH nodes, count(interaction) AS interactions
OPTIONAL MATCH ()-[fact:$any($types)]->()
WITH nodes, interactions + count(fact) AS relationships
OPTIONAL MATCH (run:CurrentRun)
WHERE run.run_id IN [current IN $co_occurrence | current.run_id]
WITH nodes, relationships + coalesce(sum(run.ties), 0) AS relationships
CALL gds.graph.project.estimate('*', '*', {nodeCount: nodes, relationshipCount: relationships}) YIELD bytesMin
RETURN bytesMin AS bytes
