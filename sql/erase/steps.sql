-- The logged steps of the requests of one id, oldest first. Parameters: $1 the request id.
-- Grain: one step. Units: rows. Relations: log (deletion_log).
SELECT source_topic, source_partition, source_offset, state, "at", coalesce(listens, 0) AS listens, coalesce(quarantine, 0) AS quarantine,
  coalesce(listens_counted, 0) AS listens_counted, coalesce(listens_duplicates, 0) AS listens_duplicates,
  coalesce(listens_snapshot_id, 0) AS listens_snapshot_id, coalesce(ledger_snapshot_id, 0) AS ledger_snapshot_id,
  coalesce(days, '') AS days, coalesce(periods, '') AS periods
FROM log WHERE request_id = $1
ORDER BY source_topic, source_partition, source_offset, "at"
