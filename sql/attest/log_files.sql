-- The files that have an operator's words about a concluded request. Grain: one file.
-- Relations: log (deletion_log), concluded.
SELECT DISTINCT _file FROM log JOIN concluded USING (source_topic, source_partition, source_offset)
WHERE why IS NOT NULL
ORDER BY ALL
