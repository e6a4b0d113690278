// Give a lock back. What it says of the last writer stays: readers tell by it who came between.
MATCH (lock:Lock {name: $kind, owner: $owner})
REMOVE lock.owner, lock.heartbeat
