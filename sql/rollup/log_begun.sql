-- How many deletion requests may have lost rows that the log does not tell of yet: they were located again since rows
-- of them were last logged as deleted. Grain: one row. Relations: log_begun (deletion_log).
SELECT count(*)
FROM (
  SELECT max("at") FILTER (WHERE state = 'located') AS located, max("at") FILTER (WHERE state = 'rows_deleted') AS deleted
  FROM log_begun GROUP BY source_topic, source_partition, source_offset
)
WHERE located > coalesce(deleted, TIMESTAMPTZ '-infinity')
