// How many relationships of a run of CO_OCCURS_WITH there are.
MATCH ()-[tie:CO_OCCURS_WITH {run: $run_id}]->()
RETURN count(tie) AS ties
