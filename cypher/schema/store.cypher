// Which store the database has now: another one after an import, whose transactions are counted anew.
CALL db.info() YIELD id, creationDate
RETURN id + ' ' + creationDate AS store
