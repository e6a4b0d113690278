// A user's sessions hold the interactions that have a time, each once and in the same part of the split.
// Remedy: Run `kgrec load split` with the rule in force: it makes the sessions anew.
MATCH (user:User)
WHERE NOT user:Changed AND COLLECT {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WHERE interaction.timestamp IS NOT NULL
  WITH interaction.timestamp AS time, item.item_id AS item_id, interaction.split AS split
  RETURN [time, item_id, split] ORDER BY time, item_id
} <> COLLECT {
  MATCH (user)-[:HAS_SESSION]->(:Session)-[visit:CONTAINS]->(item:Item)
  WITH visit.timestamp AS time, item.item_id AS item_id, visit.split AS split
  RETURN [time, item_id, split] ORDER BY time, item_id
}
RETURN user.user_id AS what
