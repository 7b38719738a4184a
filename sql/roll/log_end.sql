-- When the newest step was logged; 0 for none.
-- Grain: one row. Units: microseconds since 1970. Relations: log (deletion_log).
SELECT coalesce(max(epoch_us("at")), 0) FROM log
