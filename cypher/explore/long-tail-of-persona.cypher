// Rare items that a persona's members chose: what popularity would never show. Without a persona, the largest.
WITH null AS persona_id
MATCH (persona:Persona)
WHERE persona_id IS NULL OR persona.persona_id = persona_id
WITH persona ORDER BY persona.size DESC, persona.persona_id LIMIT 1
MATCH (persona)<-[membership:HAS_PERSONA]-(:User)-[:INTERACTED {split: 'train'}]->(item:Item)
WITH persona, item, sum(membership.weight) AS weight, COUNT { (item)<-[:INTERACTED {split: 'train'}]-() } AS users
WHERE users <= 10
RETURN persona.name AS persona, item.item_id AS item_id, item.title AS title, users, round(weight / users, 3) AS affinity
ORDER BY affinity DESC, users DESC, item_id
LIMIT 20
