// Every index, whether it answers, and the constraint that it serves.
SHOW INDEXES YIELD name, state, owningConstraint
RETURN name, state = 'ONLINE' AS online, owningConstraint IS NOT NULL AS unique
