// How much each of some users belongs to the personas of one run, the strongest first; users without any are left out.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
CALL (user) {
  MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona {run_id: $run_id})
  WITH membership, persona ORDER BY membership.weight DESC, persona.persona_id
  RETURN collect({persona_id: persona.persona_id, name: persona.name, weight: membership.weight}) AS memberships
}
WITH user, memberships
WHERE size(memberships) > 0
RETURN user.user_id AS user_id, memberships
