// An entity's id with :// in it is an IRI.
// Remedy: Remove the entity, in Browser, and load its links again, mended.
MATCH (entity:Entity)
WHERE entity.uri CONTAINS '://' AND (
  NOT entity.uri =~ '[A-Za-z][A-Za-z0-9+.-]*:[^\\x00-\\x20\\x7f-\\x9f<>"{}|\\\\^`]*'
  OR entity.uri =~ '.*%(?![0-9A-Fa-f]{2}).*'
)
RETURN entity.uri AS what
