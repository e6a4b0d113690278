// How far GDS is with a job that runs, in per cent; null where it does not tell.
// $job_id: the name that the call gave its job.
CALL gds.listProgress() YIELD jobId, taskName, progress, status
WHERE jobId = $job_id AND status = 'RUNNING'
RETURN taskName AS task, toFloatOrNull(replace(progress, '%', '')) AS percent
