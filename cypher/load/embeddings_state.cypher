// Whether SIMILAR_TO was made of the embeddings that are there now.
// state: a digest over all embedding hashes; built: the digest at the time SIMILAR_TO was written.
OPTIONAL MATCH (item:Item)
WHERE item.embedding_of IS NOT NULL
WITH item ORDER BY item.item_id
WITH collect(item.embedding_of) AS parts
OPTIONAL MATCH (note:LoadProgress {load_id: 'similar_to'})
RETURN parts, note.source AS built
