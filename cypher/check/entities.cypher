// An entity's id with :// in it is an IRI, of at most 2,000 bytes.
// Remedy: Remove the entity, in Browser, and load its links again, mended.
// The parts of RFC 3987, none of which gives back what it took: no id takes longer than its length. Private letters
// stand in the query alone; of a host in brackets only the letters and the colons are looked at.
WITH '\\x00-\\x20\\x7f-\\x9f<>"{}|\\\\^`\\[\\]#\\x{fdd0}-\\x{fdef}\\x{fff0}-\\x{ffff}\\x{e0000}-\\x{e0fff}' AS never,
  '\\x{e000}-\\x{f8ff}\\x{f0000}-\\x{10ffff}' AS private,
  '\\[(?:[0-9A-Fa-f.]*+:){2,8}+[0-9A-Fa-f.]*+\\]' AS address
WITH '[^' + never + private AS other, '[^' + never + ']*+' AS query, address
WITH '(?:' + other + '/?@]*+@)?+(?:' + other + '/?:@]*+|' + address + ')(?::[0-9]*+)?+(?![^/?#])' AS authority,
  other + '?]*+' AS path, '(?:\\?' + query + ')?+' AS query, '(?:#' + other + ']*+)?+' AS fragment
WITH '[A-Za-z][A-Za-z0-9+.-]*+:(?://' + authority + '|(?!//))' + path + query + fragment AS iri
MATCH (entity:Entity)
WHERE entity.uri CONTAINS '://' AND (
  NOT entity.uri =~ iri
  OR entity.uri =~ '(?s).*%(?![0-9A-Fa-f]{2}).*'
  // Bytes in UTF-8; a letter of four is split into two halves.
  OR CASE WHEN size(entity.uri) <= 500 THEN false ELSE reduce(
    bytes = 0, letter IN split(entity.uri, '') |
    bytes + CASE WHEN letter < '\u0080' THEN 1 WHEN letter < '\u0800' OR '\ud7ff' < letter < '\ue000' THEN 2 ELSE 3 END
  ) > 2000 END
)
RETURN entity.uri AS what
