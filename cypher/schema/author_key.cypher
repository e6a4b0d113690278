// One Author node per name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT author_key IF NOT EXISTS FOR (n:Author) REQUIRE n.name IS UNIQUE
