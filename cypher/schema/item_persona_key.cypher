// One ItemPersona node per run and item; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT item_persona_key IF NOT EXISTS FOR (n:ItemPersona) REQUIRE (n.run_id, n.item_id) IS UNIQUE
