// Items by the words of their titles, for what somebody says to like.
CREATE FULLTEXT INDEX item_titles IF NOT EXISTS
FOR (n:Item) ON EACH [n.title]
