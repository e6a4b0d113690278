// A user has interacted with an item at most once at a time.
// Remedy: Remove all but one of the interactions, in Browser, and run `kgrec load split` with the rule in force.
MATCH (user:User)
CALL (user) {
  MATCH (user)-[interaction:INTERACTED]->(item:Item)
  WHERE interaction.timestamp IS NOT NULL
  WITH item, interaction.timestamp AS time, count(*) AS times
  WHERE times > 1
  RETURN item, time, times
}
RETURN user.user_id + ', item ' + item.item_id + ', ' + times + ' times at ' + time AS what
