// One CurrentRun node per kind; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT current_run_key IF NOT EXISTS FOR (n:CurrentRun) REQUIRE n.kind IS UNIQUE
