-- Every request and how far it is. No user id, no subject, no free text.
-- Grain: one request row. Units: rows, summed over all sweeps.
-- Relations: requests (deletion_requests), log (deletion_log). Parameters: $1 the id of one request; NULL for all.
WITH progress AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state, max("at") AS newest,
    CAST(sum(listens) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens,
    CAST(sum(quarantine) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS quarantine,
    CAST(sum(listens_counted) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens_counted,
    CAST(sum(listens_duplicates) FILTER (WHERE state = 'rows_deleted') AS BIGINT) AS listens_duplicates
  FROM log GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, r.request_id, r.requested_at, r.received_time,
  r."from", r."to", coalesce(p.state, 'requested') AS state, coalesce(p.newest, r.received_time) AS "at",
  coalesce(p.listens, 0) AS listens, coalesce(p.quarantine, 0) AS quarantine, coalesce(p.listens_counted, 0) AS listens_counted,
  coalesce(p.listens_duplicates, 0) AS listens_duplicates
FROM requests r LEFT JOIN progress p USING (source_topic, source_partition, source_offset)
WHERE $1::VARCHAR IS NULL OR r.request_id = $1
ORDER BY r.received_time, r.source_topic, r.source_partition, r.source_offset
