// The users of a batch that the Spark connector writes; it names the batch and its rows so.
UNWIND $events AS event
MERGE (user:User {user_id: event.user_id})
ON CREATE SET user.name = event.user_id
