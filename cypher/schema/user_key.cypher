// One User node per user_id; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT user_key IF NOT EXISTS FOR (n:User) REQUIRE n.user_id IS UNIQUE
