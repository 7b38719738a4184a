-- The closed periods. Grain: one period. Relations: closes_read (royalty_closes).
SELECT period, version, closed_at, closed_by, run_id, tag, checksum, coalesce(missing, '') AS missing, coalesce(pinned, '') AS pinned
FROM closes_read
ORDER BY period, version
