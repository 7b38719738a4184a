-- Days that lost rows to deletion requests, each with the snapshots of the ledger that still had all rows of one of
-- them; 0 where the log does not say. Grain: one day and snapshot. Relations: log (files of deletion_log), log_steps
-- (all of it).
WITH gone AS (
  SELECT source_topic, source_partition, source_offset, "at", unnest(string_split(days, ',')) AS day FROM log WHERE state = 'rows_deleted'
), rounds AS (
  SELECT source_topic, source_partition, source_offset, "at",
    coalesce(lag("at") OVER (PARTITION BY source_topic, source_partition, source_offset ORDER BY "at"), TIMESTAMPTZ '-infinity') AS after
  FROM log_steps WHERE state = 'rows_deleted'
)
SELECT DISTINCT CAST(trim(g.day) AS DATE), coalesce(l.ledger_snapshot_id, 0)
FROM gone g JOIN rounds r USING (source_topic, source_partition, source_offset, "at")
LEFT JOIN log_steps l ON l.state = 'located' AND l.source_topic = g.source_topic AND l.source_partition = g.source_partition
  AND l.source_offset = g.source_offset AND l."at" > r.after AND l."at" < g."at"
WHERE trim(g.day) <> ''
