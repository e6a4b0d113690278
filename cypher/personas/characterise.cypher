// What a persona's members like more often than all users do.
// share: part of the members with a training item of this feature; lift: share over the share among all users.
UNWIND $rows AS row
MATCH (persona:Persona {persona_id: row.persona_id})
MATCH (feature) WHERE id(feature) = row.node_id
CREATE (persona)-[:CHARACTERISED_BY {share: row.share, lift: row.lift}]->(feature)
