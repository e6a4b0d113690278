// One Split node per name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT split_key IF NOT EXISTS FOR (n:Split) REQUIRE n.name IS UNIQUE
