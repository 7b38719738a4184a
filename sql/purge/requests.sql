-- Every deletion request that has come to rows_deleted or recomputed, or whose rows are being deleted, and whether an
-- operator holds it, or has decided of it at all. Grain: one request row. Units: microseconds since 1970; deleted_us is
-- when rows of it last went.
-- Relations: requests (deletion_requests), log (deletion_log), decided.
WITH newest AS (
  SELECT source_topic, source_partition, source_offset, arg_max(state, "at") AS state, epoch_us(max("at")) AS at_us,
    epoch_us(max("at") FILTER (WHERE state = 'rows_deleted')) AS deleted_us
  FROM log WHERE state NOT IN ('held', 'released') GROUP BY ALL
)
SELECT r.source_topic, r.source_partition, r.source_offset, r.request_id, n.state, n.at_us, coalesce(n.deleted_us, n.at_us) AS deleted_us,
  coalesce(d.decision = 'held', false) AS held, d.decision IS NOT NULL AS decided
FROM requests r JOIN newest n USING (source_topic, source_partition, source_offset)
LEFT JOIN decided d ON d.request_id IS NOT DISTINCT FROM r.request_id AND d.subject IS NOT DISTINCT FROM r.subject
  AND d.requested_at IS NOT DISTINCT FROM r.requested_at AND d."from" IS NOT DISTINCT FROM r."from" AND d."to" IS NOT DISTINCT FROM r."to"
WHERE n.state IN ('located', 'rows_deleted', 'recomputed')
ORDER BY r.source_topic, r.source_partition, r.source_offset
