// One Category node per name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT category_key IF NOT EXISTS FOR (n:Category) REQUIRE n.name IS UNIQUE
