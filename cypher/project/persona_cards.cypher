// What the personas of a run say of themselves: the largest first, each one's traits and typical items in their order.
// Personas of an earlier kgrec have no number, summary, place and examples; their numbers are those of this order.
MATCH (persona:Persona {run_id: $run_id})
WITH persona ORDER BY persona.size DESC, persona.persona_id
CALL (persona) {
  MATCH (persona)-[trait:CHARACTERISED_BY]->(feature)
  WITH trait, feature, coalesce(feature.label, feature.name, feature.uri) AS label
  ORDER BY trait.share * log(trait.lift) DESC, elementId(trait)
  // Of features that are called alike, as an author and the entity that is the same, the strongest is told.
  WITH toLower(label) AS called, collect({
    label: label,
    kind: coalesce([label IN labels(feature) WHERE label <> 'Feature'][0], 'Feature'),
    share: trait.share, lift: trait.lift
  })[0] AS first
  ORDER BY first.share * log(first.lift) DESC, called
  RETURN collect(first)[..$traits] AS traits
}
CALL (persona) {
  MATCH (persona)-[typical:TYPICAL]->(item:Item)
  WITH typical, item ORDER BY typical.rank
  RETURN collect({
    item_id: item.item_id, title: coalesce(item.title, item.item_id), share: typical.share, lift: typical.lift
  }) AS typical
}
CALL (persona) {
  OPTIONAL MATCH (persona)-[counter:COUNTER_EXAMPLE]->(item:Item)
  OPTIONAL MATCH (near:Persona {run_id: persona.run_id, number: counter.typical_of})
  WITH counter, item, near LIMIT 1
  RETURN CASE WHEN item IS NOT NULL THEN {
    item_id: item.item_id, title: coalesce(item.title, item.item_id), share: counter.share, lift: counter.lift,
    typical_of: near.name
  } END AS counter_example
}
RETURN persona.persona_id AS persona_id, persona.number AS number, persona.name AS name, persona.size AS users,
       persona.summary AS summary, persona.worded_by AS worded_by, persona.x AS x, persona.y AS y, traits, typical,
       counter_example
