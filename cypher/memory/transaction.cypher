// How much memory transactions may take: each alone, and all of a database or of the server together.
SHOW SETTINGS 'db.memory.transaction.max', 'db.memory.transaction.total.max', 'dbms.memory.transaction.total.max'
YIELD value
RETURN value
