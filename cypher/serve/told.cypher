// Users of whom more is known than the last training split: who told what they did, like, dislike or are interested in.
MATCH (user:User)
WHERE user.user_id IS NOT NULL AND (
  EXISTS { (user)-[:LIKES|DISLIKES|STATED_INTEREST]->() } OR EXISTS { (user)-[:INTERACTED {split: 'feedback'}]->() }
)
RETURN user.user_id AS user_id
ORDER BY user_id
