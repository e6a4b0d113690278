// One EvaluationPersona node per run and user; the constraint's index also serves every lookup by that key.
CREATE CONSTRAINT evaluation_persona_key IF NOT EXISTS FOR (n:EvaluationPersona) REQUIRE (n.run_id, n.user_id) IS UNIQUE
