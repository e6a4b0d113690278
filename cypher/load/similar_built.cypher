// Note which embeddings SIMILAR_TO stands for.
MERGE (note:LoadProgress {load_id: 'similar_to'})
SET note.source = $state
