-- Refused records, newest first, with no more of each than a list shows. Grain: one record.
-- Units: microseconds since 1970. Parameters: $1 reason or '', $2 received_time from or NULL, $3 those that were
-- replayed too, $4 rows. Relations: quarantine.
SELECT reason, coalesce(detail, ''), source_topic, source_partition, source_offset, epoch_us(received_time), raw,
  coalesce(outcome, ''), epoch_us(outcome_at)
FROM quarantine
WHERE $1 IN ('', reason) AND ($2 IS NULL OR epoch_us(received_time) >= $2) AND ($3 OR outcome IS NULL)
ORDER BY received_time DESC, source_topic, source_partition, source_offset DESC
LIMIT $4
