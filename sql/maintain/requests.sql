-- How far the requests in each file of deletion_requests have come, and whether one waits for the next deletions.
-- Parameters: $1 the microsecond since 1970 up to which requests were received that are carried out. Grain: one file
-- and state. Relations: requests (deletion_requests), log (deletion_log).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
), decided AS (
  SELECT request_id, arg_max(state, "at") AS decision FROM log WHERE state IN ('held', 'released') GROUP BY ALL
)
SELECT r._file, coalesce(n.state, 'requested') AS state,
  bool_or(coalesce(d.decision, 'released') <> 'held' AND epoch_us(r.received_time) <= $1) AS due
FROM requests r
LEFT JOIN newest n USING (source_topic, source_partition, source_offset)
LEFT JOIN decided d ON d.request_id IS NOT DISTINCT FROM r.request_id
GROUP BY r._file, n.state
ORDER BY ALL
