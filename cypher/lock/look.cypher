// Who holds the writer's lock or held it last, and how often it was taken; no row where it never was.
MATCH (lock:Lock {name: 'writer'})
WHERE lock.writes IS NOT NULL
RETURN lock.owner AS owner, lock.command AS command, lock.user AS user, lock.host AS host, lock.machine AS machine,
       lock.process AS process, lock.started AS started, lock.since AS since, lock.disturbs AS disturbs,
       lock.writes AS writes, lock.disturbances AS disturbances,
       lock.heartbeat < datetime.realtime() - duration({seconds: $patience}) AS silent
