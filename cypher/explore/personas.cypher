// All personas: how many users have them as their strongest, and what sets them apart.
MATCH (persona:Persona)
OPTIONAL MATCH (persona)-[trait:CHARACTERISED_BY]->(feature)
WITH persona, trait, feature
ORDER BY trait.share * log(trait.lift) DESC
RETURN persona.persona_id AS persona_id, persona.name AS name, persona.size AS users,
       collect(coalesce(feature.label, feature.name))[..5] AS traits
ORDER BY users DESC, persona_id
