// What a persona's members like more often than all users do; features by the node ids that GDS streams.
// share: part of what a member chooses that has it, the mean over the members; lift: share over that among all users.
UNWIND $rows AS row
MATCH (draft:PersonaDraft {persona_id: row.persona_id})
WITH row, draft, gds.util.asNode(row.node_id) AS feature
CREATE (draft)-[:CHARACTERISED_BY {share: row.share, lift: row.lift}]->(feature)
