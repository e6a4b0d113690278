// Personas have the dimensions of their users, finite numbers, and length 1 (or 0, of users of whom nothing is known).
// Remedy: Run `kgrec train personas` again.
// persona_dimensions: of the users' index; without them those of all vectors are taken for right.
WITH null AS persona_dimensions
MATCH (persona:Persona)
WITH persona, persona_dimensions, reduce(sum = 0.0, number IN persona.vector | sum + number * number) AS square
WHERE persona.vector IS NULL OR size(persona.vector) <> persona_dimensions
   OR NOT (abs(square - 1) < 0.001 OR square = 0.0)
RETURN coalesce(persona.name, persona.persona_id) + ': ' + coalesce(size(persona.vector), 'no') + ' dimensions, length '
     + coalesce(round(sqrt(square), 3), 'unknown') AS what
