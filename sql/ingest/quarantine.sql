-- Refused records, newest first, with no more of each than a list shows. Grain: one record.
-- Parameters: $1 reason or '', $2 received_time from, microseconds since 1970, or NULL, $3 those that were
-- replayed too, $4 rows. Relations: quarantine.
SELECT reason, coalesce(detail, '') AS detail, source_topic, source_partition, source_offset, received_time, raw,
  coalesce(outcome, '') AS outcome, outcome_at
FROM quarantine q
WHERE $1 IN ('', reason) AND ($2 IS NULL OR epoch_us(received_time) >= $2) AND ($3 OR q.outcome IS NULL)
ORDER BY received_time DESC, source_topic, source_partition, source_offset DESC
LIMIT $4
