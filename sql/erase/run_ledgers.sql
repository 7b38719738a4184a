-- The ledger snapshots that published royalty runs summed, by period. Grain: one period and snapshot.
-- Relations: runs (royalty_runs).
SELECT DISTINCT period, ledger_snapshot_id FROM runs
WHERE period IS NOT NULL AND ledger_snapshot_id IS NOT NULL ORDER BY ALL
