// Which vector indexes have something to hold?
RETURN EXISTS { MATCH (item:Item) WHERE item.embedding IS NOT NULL } AS item_embedding,
       EXISTS { MATCH (user:User) WHERE user.persona IS NOT NULL } AS user_persona
