-- What was deleted since the last comparison. Grain: one row of deletion_log. Parameters: $1 when the newest step that
-- was compared deleted rows, in microseconds since 1970. Relations: log_whole (deletion_log).
CREATE OR REPLACE TABLE erasures_log AS
SELECT epoch_us("at") AS at_us, plays_erased FROM log_whole WHERE state = 'rows_deleted' AND epoch_us("at") > $1
