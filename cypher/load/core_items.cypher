// Remove items outside the k-core; their users' splits and sessions have to be made anew.
UNWIND $items AS item_id
MATCH (item:Item {item_id: item_id})
CALL (item) {
  MATCH (user:User)-[:INTERACTED]->(item)
  SET user:Changed
}
DETACH DELETE item
