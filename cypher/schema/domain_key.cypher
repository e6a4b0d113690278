// One Domain node per name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT domain_key IF NOT EXISTS FOR (n:Domain) REQUIRE n.name IS UNIQUE
