// One Brand node per name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT brand_key IF NOT EXISTS FOR (n:Brand) REQUIRE n.name IS UNIQUE
