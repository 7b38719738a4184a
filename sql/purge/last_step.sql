-- When the newest step was logged. Grain: one row. Units: microseconds since 1970; 0 when there is none.
-- Relations: log (deletion_log).
SELECT coalesce(epoch_us(max("at")), 0) FROM log
