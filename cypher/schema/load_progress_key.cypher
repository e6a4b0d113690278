// One LoadProgress node per load_id; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT load_progress_key IF NOT EXISTS FOR (n:LoadProgress) REQUIRE n.load_id IS UNIQUE
