-- Every request with what was done for it, in order of position.
-- Grain: one request row. state: the newest; rows_gone, recomputed: whether it ever got so far. decision: the newest
-- that an operator logged at this place, '' for none.
-- Relations: requests (deletion_requests), log (deletion_log).
WITH steps AS (
  SELECT source_topic, source_partition, source_offset,
    arg_max(state, "at") FILTER (WHERE state NOT IN ('held', 'released')) AS state,
    bool_or(state IN ('rows_deleted', 'recomputed', 'purged', 'verified')) AS rows_gone,
    bool_or(state IN ('recomputed', 'purged', 'verified')) AS recomputed,
    arg_max(state, "at") FILTER (WHERE state IN ('held', 'released', 'withdrawn')) AS decision,
    arg_max(coalesce(why, ''), "at") FILTER (WHERE state IN ('held', 'released', 'withdrawn')) AS why
  FROM log GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, coalesce(r.request_id, '') AS request_id, coalesce(r.subject, '') AS subject,
  coalesce(r.user_id, '') AS user_id, r.requested_at, r.received_time, r."from", r."to", coalesce(r.reason, '') AS reason,
  coalesce(s.state, 'requested') AS state, coalesce(s.rows_gone, false) AS rows_gone, coalesce(s.recomputed, false) AS recomputed,
  coalesce(s.decision, '') AS decision, coalesce(s.why, '') AS why
FROM requests r LEFT JOIN steps s USING (source_topic, source_partition, source_offset)
ORDER BY r.source_topic, r.source_partition, r.source_offset
