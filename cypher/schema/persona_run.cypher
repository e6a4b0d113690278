// The personas of one training run, for write-back, recommendation and the explore queries.
CREATE INDEX persona_run IF NOT EXISTS FOR (n:Persona) ON (n.run_id)
