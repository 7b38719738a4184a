-- Every standing request with the newest state it has reached, in order of position.
-- Grain: one request row (a retried request is another row). Units: microseconds since 1970.
-- Relations: requests (deletion_requests), log (deletion_log).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state
  FROM log GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, r.request_id, coalesce(r.user_id, '') AS user_id,
  coalesce(r.subject, '') AS subject, epoch_us(r.received_time) AS received_us, epoch_us(r."from") AS from_us, epoch_us(r."to") AS to_us, r._file,
  coalesce(n.state, 'requested') AS state
FROM requests r LEFT JOIN newest n USING (source_topic, source_partition, source_offset)
ORDER BY r.source_topic, r.source_partition, r.source_offset
