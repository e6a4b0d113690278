// Take a lock, the writer's or the learner's, if it is free: nobody holds it, its holder is known to be gone, or one on
// another machine has been silent for $patience seconds, by the clock of the server, or has no heartbeat.
// $owner: who asks; $gone: the holder that is known to be gone; $machine and $about: of who asks; $disturbs: whether
// readers would see half of what is going to be written.
MERGE (lock:Lock {name: $kind})
SET lock.asked = $owner // holds the node: of two who ask at once, one waits until the other has got it
WITH lock,
     lock.owner IS NULL OR lock.owner = $gone
     OR lock.machine <> $machine
     AND coalesce(lock.heartbeat < datetime.realtime() - duration({seconds: $patience}), true) AS free
FOREACH (_ IN CASE WHEN free THEN [1] ELSE [] END |
  SET lock += $about, lock.owner = $owner, lock.machine = $machine, lock.since = datetime.realtime(),
      lock.heartbeat = datetime.realtime(), lock.writes = coalesce(toIntegerOrNull(lock.writes), 0) + 1,
      lock.disturbs = $disturbs,
      lock.disturbances = coalesce(toIntegerOrNull(lock.disturbances), 0) + CASE WHEN $disturbs THEN 1 ELSE 0 END
)
REMOVE lock.asked
RETURN lock.owner = $owner AS taken
