// A persona that a user had is one user's, and a user has one present persona at most.
// Remedy: Remove the PersonaState nodes of these users, in Browser: feedback and trainings begin their history anew.
CALL () {
  MATCH (state:PersonaState)
  WHERE COUNT { (state)<-[:HAD_PERSONA]-(:User) } <> 1
  RETURN 'state ' + elementId(state) + coalesce(', ' + state.name, '') AS what
  UNION ALL
  MATCH (user:User)
  WHERE COUNT { MATCH (user)-[:HAD_PERSONA]->(state:PersonaState) WHERE state.valid_to IS NULL } > 1
  RETURN 'user ' + user.user_id AS what
}
RETURN what
