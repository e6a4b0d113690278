// These users are up to date again.
UNWIND $users AS user_id
MATCH (user:User {user_id: user_id})
REMOVE user:Changed
