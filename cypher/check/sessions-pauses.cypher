// A user's session ends where a pause is longer than the gap, and nowhere else.
// Remedy: Run `kgrec load split` with the rule in force: it makes the sessions anew.
// gap: in milliseconds, 86400000 for kgrec's day; without it nothing is compared.
WITH null AS gap
MATCH (user:User)
WHERE NOT user:Changed
CALL (user) {
  MATCH (user)-[:HAS_SESSION]->(session:Session)-[visit:CONTAINS]->(:Item)
  WITH session, visit.timestamp AS time ORDER BY time, session.session_id
  RETURN collect({time: time, session_id: session.session_id}) AS visits
}
WITH user, [place IN range(1, size(visits) - 1)
            WHERE (visits[place].time - visits[place - 1].time > gap)
                = (visits[place].session_id = visits[place - 1].session_id) | visits[place].session_id] AS wrong
UNWIND wrong AS session_id
RETURN session_id AS what
