-- Rows of a table that no deletion request covers which is carried out, or under way: all but those of query/covered,
-- for Trino, which has no positions of rows.
-- Grain: one row of copies. Relations: copies (the table, as it was), requests (deletion_requests), log (deletion_log).
WITH begun AS (
  SELECT DISTINCT source_topic, source_partition, source_offset FROM log WHERE state IN ('located', 'rows_deleted', 'recomputed', 'purged')
),
wanted AS (
  SELECT user_id, "from" AS from_at, received_time AS request_at, CASE WHEN "to" <= received_time THEN "to" END AS to_at
  FROM requests JOIN begun USING (source_topic, source_partition, source_offset) WHERE user_id <> ''
)
SELECT c.*
FROM copies c
WHERE NOT EXISTS (
  SELECT 1 FROM wanted w
  WHERE w.user_id = c.user_id
    AND (w.from_at IS NULL OR coalesce(c.event_time, c.received_time, w.from_at) >= w.from_at)
    AND CASE
      WHEN w.to_at IS NOT NULL THEN coalesce(c.event_time, c.received_time, w.from_at, TIMESTAMP '0001-01-01 00:00:00 UTC') < w.to_at
      ELSE coalesce(c.event_time, c.received_time, w.from_at, TIMESTAMP '0001-01-01 00:00:00 UTC') < w.request_at OR c.received_time <= w.request_at
    END
)
