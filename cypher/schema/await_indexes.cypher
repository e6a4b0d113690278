// Wait until every index answers: a load that starts earlier would scan instead of seek.
CALL db.awaitIndexes(300)
