// How the graph is split, if anybody said so.
MATCH (split:Split {name: 'current'})
RETURN split.by AS by, split.validation_from AS validation_from, split.test_from AS test_from
