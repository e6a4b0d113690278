// Items around an entity and who reads them; without one (uri), the entity that most items share.
WITH null AS uri
MATCH (entity:Entity)<--(:Entity)<-[:SAME_AS]-(item:Item)
WHERE uri IS NULL OR entity.uri = uri
WITH entity, collect(DISTINCT item) AS items ORDER BY size(items) DESC, entity.uri LIMIT 1
UNWIND items AS item
OPTIONAL MATCH (item)<-[:INTERACTED {split: 'train'}]-(user:User)
OPTIONAL MATCH (user)-[membership:HAS_PERSONA]->(persona:Persona)
WITH entity, item, count(DISTINCT user) AS users, persona, sum(membership.weight) AS weight
ORDER BY weight DESC
RETURN entity.label AS entity, item.item_id AS item_id, item.title AS title, users, collect(persona.name)[..2] AS personas
ORDER BY users DESC, item_id
LIMIT 20
