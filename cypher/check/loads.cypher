// No load waits to be finished.
// Remedy: Run the same `kgrec load` again: it goes on where it stopped.
MATCH (progress:LoadProgress)
RETURN progress.source + ', ' + progress.rows + ' lines loaded' AS what
