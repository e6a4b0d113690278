// The writer's lock as it is, for a graph that takes the place of this one while it is held.
MATCH (lock:Lock {name: 'writer'})
RETURN properties(lock) AS properties
