-- What a run pinned for its statements. Columns that a run left empty are 0. Grain: one run. Relations: runs (royalty_runs).
-- Parameters: $1 run id; $2 snapshot of royalty_payouts it published.
SELECT coalesce(max(shares_snapshot_id), 0), coalesce(max(adjustments_snapshot_id), 0)
FROM runs WHERE run_id = $1 AND payouts_snapshot_id = $2
