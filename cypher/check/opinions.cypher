// Nobody likes and dislikes the same item, and both are of users and items.
// Remedy: Remove one of the two, in Browser, or tell again which holds: `kgrec feedback --user USER --like ITEM`.
CALL () {
  MATCH (user:User)-[:DISLIKES]->(item:Item)
  WHERE EXISTS { (user)-[:LIKES]->(item) }
  RETURN user, item
  UNION ALL
  MATCH (user)-[:LIKES|DISLIKES]->(item)
  WHERE NOT user:User OR NOT item:Item
  RETURN user, item
}
RETURN coalesce(user.user_id, elementId(user)) + ', item ' + coalesce(item.item_id, elementId(item)) AS what
