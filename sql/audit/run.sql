-- The run asked for, or the newest of a period: what it pinned and what it published. Grain: one run, at most one row.
-- Parameters: $1 run id or period. Relations: runs (royalty_runs), run_files (path, sequence: when the file of a row
-- was committed).
SELECT r.run_id, r.period, coalesce(r.positions, '') AS positions, r.started_at, r.listens_committed_at, coalesce(r.replays, 0) AS replays,
  coalesce(r.listens_snapshot_id, 0) AS listens_snapshot_id, coalesce(r.rules_version, 0) AS rules_version, coalesce(r.pools_version, 0) AS pools_version,
  coalesce(r.lines_snapshot_id, 0) AS lines_snapshot_id, coalesce(r.payouts_snapshot_id, 0) AS payouts_snapshot_id,
  r.rows_read, r.listens, r.qualified_listens, r.checksum
FROM runs r JOIN run_files f ON f.path = r._file
WHERE r.run_id = $1 OR r.period = $1
ORDER BY f.sequence DESC, r.finished_at DESC, r._pos DESC
LIMIT 1
