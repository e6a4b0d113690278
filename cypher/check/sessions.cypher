// A session belongs to one user, and begins, ends and counts as its interactions do.
// Remedy: Remove the session, in Browser, and run `kgrec load split` with the rule in force.
MATCH (session:Session)
CALL (session) {
  MATCH (session)-[visit:CONTAINS]->(:Item)
  RETURN count(*) AS visits, min(visit.timestamp) AS started_at, max(visit.timestamp) AS ended_at
}
WITH session, COUNT { (session)<-[:HAS_SESSION]-(:User) } AS users, visits, started_at, ended_at
WHERE users <> 1 OR visits = 0 OR coalesce(session.length <> visits, true)
   OR coalesce(session.started_at <> started_at, true) OR coalesce(session.ended_at <> ended_at, true)
RETURN session.session_id AS what
