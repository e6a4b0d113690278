// What a persona's members like more often than all users do; without one, the largest persona's.
// share: part of what a member chooses that has it, the mean over the members; lift: share over that among all users.
WITH null AS persona_id
MATCH (persona:Persona)
WHERE persona_id IS NULL OR persona.persona_id = persona_id
WITH persona ORDER BY persona.size DESC, persona.persona_id LIMIT 1
MATCH (persona)-[by:CHARACTERISED_BY]->(feature)
RETURN persona.name AS persona, [label IN labels(feature) WHERE label <> 'Feature'][0] AS kind,
       coalesce(feature.label, feature.name) AS trait,
       round(by.share, 3) AS share, round(by.lift, 2) AS lift
ORDER BY by.share * log(by.lift) DESC
