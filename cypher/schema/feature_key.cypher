// One Feature node per kind and name; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT feature_key IF NOT EXISTS FOR (n:Feature) REQUIRE n.key IS UNIQUE
