// The weights of a user's personas are between 0 and 1 and sum to 1.
// Remedy: Run `kgrec train personas` again.
MATCH (user:User)
CALL (user) {
  MATCH (user)-[membership:HAS_PERSONA]->(:Persona)
  RETURN count(*) AS personas, sum(membership.weight) AS weight,
         count(CASE WHEN membership.weight >= 0 AND membership.weight <= 1 THEN 1 END) AS within
}
WITH user, personas, weight, within
WHERE personas > 0 AND (within < personas OR NOT abs(weight - 1) < 0.001)
RETURN user.user_id + ': ' + weight AS what
