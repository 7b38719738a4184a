-- Every request and how far it is. Grain: one request row. Units: microseconds since 1970; 0 where nothing was logged.
-- Relations: requests (deletion_requests), log (deletion_log).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state, epoch_us(max("at")) AS at_us
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, coalesce(r.request_id, '') AS request_id, coalesce(r.subject, '') AS subject,
  r."from", r."to", coalesce(n.state, 'requested') AS state, coalesce(n.at_us, 0) AS at_us
FROM requests r LEFT JOIN newest n USING (source_topic, source_partition, source_offset)
ORDER BY r.source_topic, r.source_partition, r.source_offset
