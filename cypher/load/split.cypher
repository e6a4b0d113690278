// How the graph is split from now on; leave-one-out has no borders.
MERGE (split:Split {name: 'current'})
SET split.by = $by, split.validation_from = $validation_from, split.test_from = $test_from
