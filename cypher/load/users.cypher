// The users of a batch.
UNWIND $rows AS user_id
MERGE (:User {user_id: user_id})
