-- Closes of periods, newest first. Grain: one close. Relations: closes (royalty_closes).
SELECT period, version, run_id, coalesce(tag, '') FROM closes ORDER BY version DESC, closed_at DESC
