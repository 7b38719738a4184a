-- How many people had counted listens erased that touched a period. Grain: one row. Units: people.
-- Relations: deletion_log, deletion_requests. Parameters: $1 period, $2 since when.
SELECT count(DISTINCT r.subject)
FROM deletion_log l JOIN deletion_requests r USING (source_topic, source_partition, source_offset)
WHERE l.state = 'rows_deleted' AND l.listens_counted > 0 AND l."at" >= $2 AND list_contains(string_split(l.periods, ','), $1)
