// One Item node per item_id; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT item_key IF NOT EXISTS FOR (n:Item) REQUIRE n.item_id IS UNIQUE
