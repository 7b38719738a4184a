-- How far the requests in each file of deletion_requests have come. Grain: one file and state.
-- Relations: requests (deletion_requests), log (deletion_log).
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT DISTINCT r._file, coalesce(n.state, 'requested') AS state
FROM requests r LEFT JOIN newest n USING (source_topic, source_partition, source_offset)
ORDER BY ALL
