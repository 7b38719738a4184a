-- The snapshot of listens through which the newest rows_deleted row says that all requests were swept; 0 when the
-- archive was empty then, or when there is no such row. Grain: one row. Relations: log (deletion_log).
SELECT coalesce(arg_max(coalesce(listens_snapshot_id, 0), "at") FILTER (WHERE state = 'rows_deleted'), 0)
FROM log
