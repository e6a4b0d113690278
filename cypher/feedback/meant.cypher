// What some words mean by keys that people say they are interested in: entities by IRI, makers and categories by name,
// or by name behind the kind, a domain's other features by key. Labels and other names: project/features_named.
CALL () {
  UNWIND $words AS word
  MATCH (feature:Entity {uri: word})
  RETURN word, feature
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
}
RETURN word, elementId(feature) AS feature, coalesce(feature.label, feature.name, feature.uri) AS name,
       [kind IN labels(feature) WHERE kind <> 'Feature'][0] AS kind,
       coalesce(feature.uri, feature.key, labels(feature)[0] + ' ' + feature.name) AS key
ORDER BY word, key
