// How many items there are, by the count that the store keeps.
MATCH (item:Item)
RETURN count(item) AS n_items
