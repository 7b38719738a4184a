-- What earlier runs located for the requests of this plan since these were last recomputed. uncounted: not yet
-- summed up in a rows_deleted row.
-- Grain: one located row. Units: rows; at in microseconds since 1970. Relations: log (deletion_log), worked.
WITH ends AS (
  SELECT source_topic, source_partition, source_offset,
    coalesce(max(epoch_us("at")) FILTER (WHERE state = 'rows_deleted'), 0) AS deleted_us,
    coalesce(max(epoch_us("at")) FILTER (WHERE state = 'recomputed'), 0) AS recomputed_us
  FROM log GROUP BY ALL
)
SELECT w.ord, epoch_us(l."at") AS at_us, coalesce(l.listens, 0) AS listens, coalesce(l.quarantine, 0) AS quarantine,
  coalesce(l.listens_counted, 0) AS listens_counted, coalesce(l.listens_duplicates, 0) AS listens_duplicates, coalesce(l.days, '') AS days,
  epoch_us(l."at") > e.deleted_us AS uncounted, coalesce(l.ledger_rows, '') AS ledger_rows
FROM log l
JOIN worked w USING (source_topic, source_partition, source_offset)
JOIN ends e USING (source_topic, source_partition, source_offset)
WHERE l.state = 'located' AND epoch_us(l."at") > e.recomputed_us
ORDER BY w.ord, l."at"
