// The next users after one, in the order of their ids: items of each, oldest first, in the order of project/sequences, and
// the persona vector of one run, if any.
// $promoted: as in project/user_personas.
MATCH (user:User)
WHERE user.user_id > $after
WITH user
ORDER BY user.user_id
LIMIT $n
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WITH interaction, item
  ORDER BY interaction.timestamp, interaction.tie, interaction.position, item.item_id
  RETURN collect(item.item_id) AS item_ids
}
RETURN user.user_id AS user_id, item_ids, CASE
  WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
  WHEN user.persona_run = $run_id THEN user.persona
END AS vector
ORDER BY user_id
