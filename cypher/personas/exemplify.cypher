// Items that stand for a persona, the most typical of rank 1, and one that its members seldom choose.
// share: part of the members who chose it; lift: share over that among all users; typical_of: number of the persona that a
// counter-example is typical of. A row of rank null is a counter-example.
UNWIND $rows AS row
MATCH (draft:PersonaDraft {persona_id: row.persona_id})
MATCH (item:Item {item_id: row.item_id})
CALL (row, draft, item) {
  WITH * WHERE row.rank IS NOT NULL
  CREATE (draft)-[:TYPICAL {rank: row.rank, share: row.share, lift: row.lift}]->(item)
  UNION ALL
  WITH * WHERE row.rank IS NULL
  CREATE (draft)-[:COUNTER_EXAMPLE {share: row.share, lift: row.lift, typical_of: row.typical_of}]->(item)
}
