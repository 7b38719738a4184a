-- Requests whose rows are deleted and not recomputed yet, with what has to be. seen: plays_by_hour knows the row.
-- Grain: one request. Relations: log (deletion_log), seen (deletion_log as plays_by_hour has read it).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, max("at") AS "at" FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT l.source_topic, l.source_partition, l.source_offset, l.request_id, coalesce(l.listens_snapshot_id, 0) AS listens_snapshot_id,
  coalesce(l.ledger_snapshot_id, 0) AS ledger_snapshot_id, coalesce(l.days, '') AS days, coalesce(l.periods, '') AS periods,
  EXISTS (SELECT 1 FROM seen s WHERE s.source_topic = l.source_topic AND s.source_partition = l.source_partition
    AND s.source_offset = l.source_offset AND s."at" = l."at" AND s.state = l.state) AS is_seen
FROM log l JOIN newest n USING (source_topic, source_partition, source_offset, "at")
WHERE l.state = 'rows_deleted'
ORDER BY l.source_topic, l.source_partition, l.source_offset
