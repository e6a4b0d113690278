// Some users whose splits and sessions have to be made anew, with how much that is. They are read from Changed: a scan of
// User would pass all that are done already, in each batch anew.
MATCH (user:User&Changed)
USING SCAN user:Changed
RETURN user.user_id AS user_id, COUNT { (user)-[:INTERACTED]->() } AS interactions
LIMIT $limit
