// Who holds a lock or held it last, and how often it was taken; no row where it never was. Who has no
// heartbeat is silent.
MATCH (lock:Lock {name: $kind})
WHERE lock.owner IS NOT NULL OR lock.writes IS NOT NULL
RETURN lock.name AS name, lock.owner AS owner, lock.command AS command, lock.user AS user, lock.host AS host,
       lock.machine AS machine, lock.process AS process, lock.started AS started, lock.since AS since,
       lock.disturbs AS disturbs,
       coalesce(toIntegerOrNull(lock.writes), 0) AS writes,
       coalesce(toIntegerOrNull(lock.disturbances), 0) AS disturbances,
       coalesce(lock.heartbeat < datetime.realtime() - duration({seconds: $patience}), true) AS silent
