-- The closed periods. Grain: one period. Relations: closes (royalty_closes).
SELECT period, version, closed_at, closed_by, run_id, tag, checksum, coalesce(missing, '')
FROM closes
ORDER BY period, version
