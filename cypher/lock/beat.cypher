// Tell that the holder of a lock, the writer's or the learner's, is at work; no row where the lock is another's by now.
MATCH (lock:Lock {name: $kind})
SET lock.asked = $owner // holds the node, so that nobody takes it between the question and the beat
WITH lock, lock.owner = $owner AS mine
REMOVE lock.asked
WITH lock WHERE mine
SET lock.heartbeat = datetime.realtime()
RETURN lock.owner AS owner
