// Users' personas of the current run have the dimensions of their index, finite numbers, and length 1 (or 0).
// Remedy: Run `kgrec train personas` again.
// persona_dimensions: of the index; without them those of all vectors are taken for right. Length 0 is of a user of whom
// nothing is known.
WITH null AS persona_dimensions
MATCH (current:CurrentRun {kind: 'personas'})
MATCH (user:User)
WHERE user.persona_run = current.run_id AND user.persona IS NOT NULL
WITH user, persona_dimensions, reduce(sum = 0.0, number IN user.persona | sum + number * number) AS square
WHERE size(user.persona) <> persona_dimensions OR NOT (abs(square - 1) < 0.001 OR square = 0.0)
RETURN user.user_id + ': ' + size(user.persona) + ' dimensions, length ' + round(sqrt(square), 3) AS what
