// No two personas have the same name or number, and each says of itself what its members choose.
// Remedy: Run `kgrec train personas` again.
// Personas of an earlier kgrec have no number and are passed over.
MATCH (persona:Persona)
WHERE persona.number IS NOT NULL
WITH collect(persona) AS personas
UNWIND personas AS persona
WITH persona, [other IN personas WHERE other <> persona AND (other.name = persona.name OR other.number = persona.number)]
     AS same
WHERE size(same) > 0 OR coalesce(persona.name, '') = '' OR coalesce(persona.summary, '') = ''
   OR persona.x IS NULL OR persona.y IS NULL
RETURN persona.persona_id + coalesce(', named ' + persona.name, '') AS what
