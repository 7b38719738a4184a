-- The snapshots that royalty runs name, and whether the run is the published one of its period, the one whose row was
-- committed last, or one that was closed. Grain: one run of one period. Units: microseconds since 1970; 0 for no
-- snapshot.
-- Relations: runs (royalty_runs), closes (royalty_closes), run_files (path, sequence, added_by: when and in which
-- snapshot the file of a row was committed).
SELECT epoch_us(r.finished_at) AS finished,
  row_number() OVER (PARTITION BY r.period ORDER BY f.sequence DESC, r.finished_at DESC, r._pos DESC) = 1 OR r.run_id IN (SELECT run_id FROM closes) AS published,
  coalesce(r.listens_snapshot_id, 0) AS listens, coalesce(r.ledger_snapshot_id, 0) AS ledger, coalesce(r.duplicates_snapshot_id, 0) AS duplicates,
  coalesce(r.lines_snapshot_id, 0) AS lines, coalesce(r.payouts_snapshot_id, 0) AS payouts, coalesce(r.rules_snapshot_id, 0) AS rules,
  coalesce(r.pools_snapshot_id, 0) AS pools, coalesce(r.splits_snapshot_id, 0) AS splits, coalesce(r.shares_snapshot_id, 0) AS shares,
  coalesce(r.adjustments_snapshot_id, 0) AS adjustments, f.added_by AS runs
FROM runs r JOIN run_files f ON f.path = r._file
