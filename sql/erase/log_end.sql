-- When the newest step was logged, and the archive snapshot through which the newest rows_deleted row says that
-- all requests were swept. Grain: one row. Units: microseconds since 1970; both 0 when there is none.
-- Relations: log (deletion_log).
SELECT coalesce(epoch_us(max("at")), 0), coalesce(arg_max(coalesce(listens_snapshot_id, 0), "at") FILTER (WHERE state = 'rows_deleted'), 0)
FROM log
