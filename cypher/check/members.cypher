// Every user whose persona is of the current run belongs to some of its personas, and nobody else does.
// Remedy: Run `kgrec train personas` again.
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WITH user, coalesce(user.persona_run = current.run_id, false) OR coalesce(user.persona_next_run = current.run_id, false)
     AS known
WHERE known <> EXISTS { (user)-[:HAS_PERSONA]->(:Persona) }
RETURN user.user_id AS what
