// One Entity node per uri; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT entity_key IF NOT EXISTS FOR (n:Entity) REQUIRE n.uri IS UNIQUE
