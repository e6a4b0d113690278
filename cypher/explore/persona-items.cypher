// The items nearest to a persona in the space of both, those that few have chosen among them. Without a persona, the largest.
WITH null AS persona_id
MATCH (persona:Persona)
WHERE persona_id IS NULL OR persona.persona_id = persona_id
WITH persona ORDER BY persona.size DESC, persona.persona_id LIMIT 1
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (vector:ItemPersona {run_id: coalesce(current.items_run, current.run_id)})
WHERE vector.item_id IS NOT NULL // so that the key's index finds them
WITH persona, vector,
     reduce(sum = 0.0, i IN range(0, size(persona.vector) - 1) | sum + persona.vector[i] * vector.vector[i]) AS affinity
ORDER BY affinity DESC, vector.item_id
LIMIT 20
MATCH (item:Item {item_id: vector.item_id})
RETURN persona.name AS persona, item.item_id AS item_id, item.title AS title, round(affinity, 3) AS affinity,
       COUNT { (item)<-[:INTERACTED]-() } AS users
ORDER BY affinity DESC, item_id
