// The entities that items are linked to; RecBole's other ids are no IRIs and nothing to ask an endpoint for.
MATCH (entity:Entity)
WHERE EXISTS { (entity)<-[:SAME_AS]-(:Item) } AND entity.uri CONTAINS '://'
RETURN entity.uri AS uri
ORDER BY uri
