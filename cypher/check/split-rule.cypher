// The graph is split by leave-one-out, or by time with two borders in their order.
// Remedy: Remove the Split node, in Browser, and run `kgrec load split`.
MATCH (split:Split)
WHERE split.name <> 'current' OR NOT coalesce(split.by, '') IN ['leave-one-out', 'time']
   OR split.by = 'time' AND NOT coalesce(split.validation_from <= split.test_from, false)
RETURN coalesce(split.by, 'no rule') + ', validation from ' + coalesce(toString(split.validation_from), 'nowhere')
     + ', test from ' + coalesce(toString(split.test_from), 'nowhere') AS what
