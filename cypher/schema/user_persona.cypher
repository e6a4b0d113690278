// Nearest users by persona; $options carries the dimensions, which the HDGI settings decide.
CREATE VECTOR INDEX user_persona IF NOT EXISTS FOR (n:User) ON (n.persona) OPTIONS $options
