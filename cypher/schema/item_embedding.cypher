// Nearest items by the meaning of their text; $options carries the dimensions, which the encoder decides.
CREATE VECTOR INDEX item_embedding IF NOT EXISTS FOR (n:Item) ON (n.embedding) OPTIONS $options
