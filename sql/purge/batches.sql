-- Which requests the files belong to that were noted at a time: those with a step of that time. Grain: one request row
-- and time. Units: microseconds since 1970. Relations: log (deletion_log).
SELECT DISTINCT source_topic, source_partition, source_offset, epoch_us("at") AS at_us
FROM log WHERE state IN ('located', 'rows_deleted')
ORDER BY ALL
