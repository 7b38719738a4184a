-- The requests that operators hold or have withdrawn, as they read. Grain: one request, whatever its retries.
-- Units: microseconds since 1970. Relations: requests (deletion_requests), log (deletion_log).
SELECT coalesce(r.request_id, '') AS request_id, coalesce(r.subject, '') AS subject, coalesce(epoch_us(r.requested_at), 0) AS requested_us,
  epoch_us(r."from") AS from_us, epoch_us(r."to") AS to_us, arg_max(l.state, l."at") = 'withdrawn' AS withdrawn
FROM log l JOIN requests r USING (source_topic, source_partition, source_offset)
WHERE l.state IN ('held', 'released', 'withdrawn')
GROUP BY ALL HAVING arg_max(l.state, l."at") <> 'released'
