-- The published run of every period: the one whose row was committed last, and of rows that a compaction put together
-- the one that finished last. Grain: one row a period.
-- Relations: runs (royalty_runs), run_files (path, sequence: when the file of a row was committed).
SELECT r.period, r.run_id, r.ledger_snapshot_id, r.rules_version, r.pools_version, coalesce(r.splits_version, 0) AS splits_version, r.checksum,
  r.lines_snapshot_id, coalesce(r.closed_version, 0) AS closed_version, coalesce(r.settled_run_id, '') AS settled_run_id, r.code_version
FROM runs r JOIN run_files f ON f.path = r._file
QUALIFY row_number() OVER (PARTITION BY r.period ORDER BY f.sequence DESC, r.finished_at DESC, r._pos DESC) = 1
ORDER BY r.period
