// Users who did or said something of which training knows nothing: what they like, dislike or are interested in, and what
// came by feedback while it learned.
MATCH (user:User)
WHERE user.user_id IS NOT NULL
  AND (EXISTS { (user)-[:LIKES|DISLIKES|STATED_INTEREST]->() }
       OR EXISTS { (user)-[:INTERACTED {split: 'feedback'}]->() })
RETURN user.user_id AS user_id
ORDER BY user_id
