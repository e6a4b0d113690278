// Scores, cosines, weights and shares are within their ranges.
// Remedy: Remove it, and the CurrentRun of its kind, in Browser, and run the load or training that writes it.
CALL () {
  MATCH (start)-[relationship:SAME_AS]->(end)
  WHERE coalesce(NOT (relationship.score >= 0 AND relationship.score <= 1), true)
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:SIMILAR_TO]->(end)
  WHERE coalesce(NOT (relationship.score >= -1.000001 AND relationship.score <= 1.000001), true)
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:CO_OCCURS_WITH]->(end)
  WHERE coalesce(NOT (relationship.cosine > 0 AND relationship.cosine <= 1.000001), true)
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:INTERESTED_IN]->(end)
  WHERE coalesce(NOT (relationship.weight >= 0 AND relationship.weight <= 1 AND relationship.items >= 1), true)
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:CHARACTERISED_BY]->(end)
  WHERE coalesce(NOT (relationship.share > 0 AND relationship.share <= 1 AND relationship.lift > 0), true)
  RETURN start, relationship, end
  UNION ALL
  MATCH (start)-[relationship:TYPICAL|COUNTER_EXAMPLE]->(end)
  WHERE coalesce(NOT (relationship.share >= 0 AND relationship.share <= 1 AND relationship.lift >= 0), true)
  RETURN start, relationship, end
}
RETURN coalesce(start.item_id, start.user_id, start.name, '') + ' ' + type(relationship) + ' '
     + coalesce(end.item_id, end.uri, end.name, '') AS what
