// One Lock node per name; the constraint lets two who ask for a lock at once meet in one node.
CREATE CONSTRAINT lock_key IF NOT EXISTS FOR (n:Lock) REQUIRE n.name IS UNIQUE
