// What some personas of a run are characterised by, by name, the strongest first.
UNWIND $names AS name
MATCH (persona:Persona {run_id: $run_id, name: name})-[by:CHARACTERISED_BY]->(feature)
RETURN name, elementId(feature) AS id, [label IN labels(feature) WHERE label <> 'Feature'][0] AS kind,
       coalesce(feature.label, feature.name, feature.uri) AS trait
ORDER BY name, by.share * log(by.lift) DESC, trait
