// What some words may mean that people say they are interested in: entities by IRI or label, makers, categories and a
// domain's other features by name, by name behind the kind, or by key. Entities and features have no index by label:
// they are gone through once for all words.
CALL () {
  UNWIND $words AS word
  MATCH (feature:Entity {uri: word})
  RETURN word, feature
  UNION
  MATCH (feature:Entity)
  WHERE feature.label IN $words
  RETURN feature.label AS word, feature
  UNION
  UNWIND $words AS word
  MATCH (feature:Author {name: word})
  RETURN word, feature
  UNION
  UNWIND $words AS word
  MATCH (feature:Brand {name: word})
  RETURN word, feature
  UNION
  UNWIND $words AS word
  MATCH (feature:Category {name: word})
  RETURN word, feature
  UNION
  UNWIND $words AS word
  MATCH (feature:Author|Brand|Category {name: substring(word, size(split(word, ' ')[0]) + 1)})
  WHERE split(word, ' ')[0] IN labels(feature)
  RETURN word, feature
  UNION
  UNWIND $words AS word
  MATCH (feature:Feature {key: word})
  RETURN word, feature
  UNION
  MATCH (feature:Feature)
  WHERE feature.name IN $words
  RETURN feature.name AS word, feature
}
RETURN word, elementId(feature) AS feature, feature:Entity AS entity,
       coalesce(feature.uri, feature.key, labels(feature)[0] + ' ' + feature.name) AS key
ORDER BY word, key
