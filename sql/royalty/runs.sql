-- Runs, newest first. Grain: one run of one period. Relations: runs (royalty_runs), run_files (path, sequence,
-- added_by: when and in which snapshot the file of a row was committed).
SELECT r.run_id, r.period, r.cause, r.started_at, r.finished_at, r.engine, r.code_version, r.listens_snapshot_id, r.ledger_snapshot_id,
  r.duplicates_snapshot_id, r.rules_version, r.pools_version, r.lines_snapshot_id, r.payouts_snapshot_id, r.rows_read, r.duplicates,
  r.payload_conflicts, r.other_users, r.lines, r.listens, r.qualified_listens, r.undistributed, r.checksum,
  r.rules_snapshot_id, r.pools_snapshot_id, coalesce(r.splits_version, 0) AS splits_version,
  coalesce(r.splits_snapshot_id, 0) AS splits_snapshot_id,
  coalesce(r.shares_snapshot_id, 0) AS shares_snapshot_id, coalesce(r.adjustments_snapshot_id, 0) AS adjustments_snapshot_id,
  coalesce(r.closed_version, 0) AS closed_version, coalesce(r.posted_run_id, '') AS posted_run_id, coalesce(r.settled_run_id, '') AS settled_run_id,
  f.added_by AS runs_snapshot_id
FROM runs r JOIN run_files f ON f.path = r._file
ORDER BY f.sequence DESC, r.finished_at DESC, r._pos DESC
