// An index cannot change its dimensions: it goes, and comes back with the new ones.
DROP INDEX item_embedding IF EXISTS
