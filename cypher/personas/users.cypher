// Write a batch of users' next vectors, and links to the drafts nearest to them; the weights of one user sum to 1.
// $user_ids, $vectors, $nearest (places in $drafts) and $weights go together, place by place; $drafts: persona_id.
CALL () {
  UNWIND $drafts AS persona_id
  MATCH (draft:PersonaDraft {persona_id: persona_id})
  RETURN collect(draft) AS drafts
}
UNWIND range(0, size($user_ids) - 1) AS place
MATCH (user:User {user_id: $user_ids[place]})
CALL db.create.setNodeVectorProperty(user, 'persona_next', $vectors[place])
SET user.persona_next_run = $run_id
WITH user, place, drafts
WHERE size(drafts) = size($drafts) // else another write-back has retired them
UNWIND range(0, size($nearest[place]) - 1) AS rank
WITH user, drafts[$nearest[place][rank]] AS draft, $weights[place][rank] AS weight
CREATE (user)-[:HAS_PERSONA {weight: weight}]->(draft)
