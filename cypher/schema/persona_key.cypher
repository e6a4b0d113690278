// One Persona node per persona_id; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT persona_key IF NOT EXISTS FOR (n:Persona) REQUIRE n.persona_id IS UNIQUE
