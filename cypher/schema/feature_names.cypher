// Features by the words of their names, for what somebody says to like.
CREATE FULLTEXT INDEX feature_names IF NOT EXISTS
FOR (n:Entity|Category|Brand|Author|Feature) ON EACH [n.label, n.name]
