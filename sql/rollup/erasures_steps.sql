-- How many steps deleted rows, and when the newest did, in microseconds since 1970; 0 for none. Grain: one row.
-- Relations: erasures_log.
SELECT count(DISTINCT at_us), coalesce(max(at_us), 0) FROM erasures_log
