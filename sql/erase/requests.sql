-- Every standing request with the newest state it has reached, in order of position.
-- Grain: one request row (a retried request is another row). Units: microseconds since 1970.
-- held: an operator holds it. anew: it was held after its rows went, and released; what came meanwhile is still there.
-- Relations: requests (deletion_requests), log (deletion_log), decided.
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state, max("at") FILTER (WHERE state = 'rows_deleted') AS deleted
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, r.request_id, coalesce(r.user_id, '') AS user_id,
  coalesce(r.subject, '') AS subject, epoch_us(r.received_time) AS received_us, epoch_us(r."from") AS from_us, epoch_us(r."to") AS to_us, r._file,
  CASE WHEN d.decision = 'withdrawn' AND n.state IS NULL THEN 'withdrawn' ELSE coalesce(n.state, 'requested') END AS state,
  coalesce(d.decision = 'held', false) AS held, coalesce(d.decision = 'released' AND d.decided_at > n.deleted, false) AS anew
FROM requests r LEFT JOIN newest n USING (source_topic, source_partition, source_offset)
LEFT JOIN decided d ON d.request_id IS NOT DISTINCT FROM r.request_id AND d.subject IS NOT DISTINCT FROM r.subject
  AND d.requested_at IS NOT DISTINCT FROM r.requested_at AND d."from" IS NOT DISTINCT FROM r."from" AND d."to" IS NOT DISTINCT FROM r."to"
ORDER BY r.source_topic, r.source_partition, r.source_offset
