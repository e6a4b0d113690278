// One Session node per session_id; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT session_key IF NOT EXISTS FOR (n:Session) REQUIRE n.session_id IS UNIQUE
