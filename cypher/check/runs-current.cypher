// Readers see one run of each kind.
// Remedy: Remove the CurrentRun nodes of that kind, in Browser, and run the load or training that writes them.
CALL () {
  MATCH (current:CurrentRun)
  WITH current.kind AS kind, count(*) AS runs WHERE runs > 1
  RETURN kind + ': ' + runs + ' runs' AS what
  UNION ALL
  MATCH (current:CurrentRun {kind: 'personas'})
  WHERE NOT EXISTS { (:Persona {run_id: current.run_id})<-[:HAS_PERSONA]-(:User) }
  RETURN 'personas: run ' + current.run_id + ' has no members' AS what
  UNION ALL
  MATCH (persona:Persona)
  WITH count(*) AS personas
  WHERE personas > 0 AND NOT EXISTS { (:CurrentRun {kind: 'personas'}) }
  RETURN personas + ' personas, and no current run' AS what
}
RETURN what
