// What some users did and said, and their persona of one run, as project/personas_of_users has it.
// remembered: whether that persona is the last of those that are kept.
UNWIND $user_ids AS user_id
MATCH (user:User {user_id: user_id})
RETURN user_id,
       COLLECT { MATCH (user)-[:INTERACTED]->(item:Item) RETURN item.item_id } AS chosen,
       COLLECT { MATCH (user)-[:LIKES]->(item:Item) RETURN item.item_id } AS liked,
       COLLECT { MATCH (user)-[:DISLIKES]->(item:Item) RETURN item.item_id } AS disliked,
       COLLECT { MATCH (user)-[:STATED_INTEREST]->(feature) RETURN elementId(feature) } AS interests,
       CASE
         WHEN NOT $promoted AND user.persona_next_run = $run_id THEN coalesce(user.persona_next, user.persona)
         WHEN user.persona_run = $run_id THEN user.persona
       END AS vector,
       head(COLLECT {
         MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona {run_id: $run_id})
         RETURN persona.persona_id
         ORDER BY membership.weight DESC, persona.persona_id
       }) AS strongest,
       EXISTS {
         MATCH (user)-[:HAD_PERSONA]->(state:PersonaState {run_id: $run_id})
         WHERE state.valid_to IS NULL
       } AS remembered
