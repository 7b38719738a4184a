-- The logged steps of the requests of one id, oldest first. Parameters: $1 the request id.
-- Grain: one step. Units: microseconds since 1970; rows. Relations: log (deletion_log).
SELECT source_topic, source_partition, source_offset, state, epoch_us("at"), coalesce(listens, 0), coalesce(quarantine, 0),
  coalesce(listens_counted, 0), coalesce(listens_duplicates, 0), coalesce(listens_snapshot_id, 0),
  coalesce(ledger_snapshot_id, 0), coalesce(days, ''), coalesce(periods, '')
FROM log WHERE request_id = $1
ORDER BY source_topic, source_partition, source_offset, "at"
