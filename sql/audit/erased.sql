-- What requests that touch the period have removed from the archive since the run, in whatever months, and what they
-- have located and not yet logged as removed: a run of the deletions job may be under way. rows_deleted has what went
-- since the last rows_deleted of the same request row. A run started after it was logged knew of it.
-- Grain: one request id. Units: archived copies. Parameters: $1 period, $2 when the run's archive was committed, $3
-- when the run started. Relations: log (deletion_log).
WITH logged AS (
  SELECT source_topic, source_partition, source_offset, max("at") AS through FROM log WHERE state = 'rows_deleted' GROUP BY ALL
)
SELECT l.request_id, CAST(sum(l.listens) AS BIGINT) AS copies
FROM log l LEFT JOIN logged d USING (source_topic, source_partition, source_offset)
WHERE (l.state = 'rows_deleted' AND l."at" > $2::TIMESTAMPTZ AND l."at" > $3::TIMESTAMPTZ
    OR l.state = 'located' AND (d.through IS NULL OR l."at" > d.through))
  AND (l.periods IS NULL OR list_contains(string_split(l.periods, ','), $1::VARCHAR))
GROUP BY l.request_id HAVING sum(l.listens) > 0
ORDER BY l.request_id
