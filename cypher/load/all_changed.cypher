// The splits and sessions of all users have to be made anew.
MATCH (user:User)
WHERE NOT user:Changed
CALL (user) {
  SET user:Changed
} IN TRANSACTIONS OF 10000 ROWS
