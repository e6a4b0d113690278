// Count anew who has a persona as the strongest: $changes, {persona_id, by}.
UNWIND $changes AS change
MATCH (persona:Persona {persona_id: change.persona_id})
SET persona.size = persona.size + change.by
