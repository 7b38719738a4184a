-- The snapshots of listens_counted that requests name whose rows are deleted and not recomputed yet.
-- Grain: one snapshot. Relations: log (deletion_log).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, max("at") AS "at" FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT DISTINCT l.ledger_snapshot_id
FROM log l JOIN newest n USING (source_topic, source_partition, source_offset, "at")
WHERE l.state = 'rows_deleted' AND l.ledger_snapshot_id IS NOT NULL
ORDER BY ALL
