// Text embeddings have the dimensions of their index, finite numbers, and length 1 (or 0, of a text that says nothing).
// Remedy: Remove the item's `embedding_of`, in Browser, and run `kgrec load embeddings`.
// embedding_dimensions: of the index; without them those of all vectors are taken for right.
WITH null AS embedding_dimensions
MATCH (item:Item)
WHERE item.embedding IS NOT NULL
WITH item, embedding_dimensions, reduce(sum = 0.0, number IN item.embedding | sum + number * number) AS square
WHERE size(item.embedding) <> embedding_dimensions OR NOT (abs(square - 1) < 0.001 OR square = 0.0)
RETURN item.item_id + ': ' + size(item.embedding) + ' dimensions, length ' + round(sqrt(square), 3) AS what
