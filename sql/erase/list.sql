-- Every request and how far it is. No user id, no subject; why is an operator's free text.
-- Grain: one request row. Units: rows, summed over all sweeps.
-- Relations: requests (deletion_requests), log (deletion_log), decided.
-- Parameters: $1 the id of one request; NULL for all.
WITH progress AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state, max("at") AS newest,
    max("at") FILTER (WHERE state = 'rows_deleted') AS deleted_at,
    CAST(sum(listens) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens,
    CAST(sum(quarantine) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS quarantine,
    CAST(sum(listens_counted) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens_counted,
    CAST(sum(listens_duplicates) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens_duplicates
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, r.request_id, r.requested_at, r.received_time,
  r."from", r."to",
  CASE WHEN d.decision = 'withdrawn' AND p.state IS NULL THEN 'withdrawn' ELSE coalesce(p.state, 'requested') END AS state,
  coalesce(p.newest, CASE WHEN d.decision = 'withdrawn' THEN d.decided_at END, r.received_time) AS "at", p.deleted_at,
  CASE WHEN d.decision = 'held' THEN d.decided_at END AS held_since, CASE WHEN d.decision IN ('held', 'withdrawn') THEN d.why ELSE '' END AS why,
  coalesce(p.listens, 0) AS listens, coalesce(p.quarantine, 0) AS quarantine, coalesce(p.listens_counted, 0) AS listens_counted,
  coalesce(p.listens_duplicates, 0) AS listens_duplicates
FROM requests r LEFT JOIN progress p USING (source_topic, source_partition, source_offset)
LEFT JOIN decided d ON d.request_id IS NOT DISTINCT FROM r.request_id AND d.subject IS NOT DISTINCT FROM r.subject
  AND d.requested_at IS NOT DISTINCT FROM r.requested_at AND d."from" IS NOT DISTINCT FROM r."from" AND d."to" IS NOT DISTINCT FROM r."to"
WHERE $1::VARCHAR IS NULL OR r.request_id = $1
ORDER BY r.received_time, r.source_topic, r.source_partition, r.source_offset
