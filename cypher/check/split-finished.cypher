// No user's interactions wait to be split.
// Remedy: A load or `kgrec load split` was interrupted: run it again.
MATCH (user:User&Changed)
RETURN user.user_id AS what
