-- The run through which the differences of a closed period were posted: the newest that knew of the close, or else the
-- one that was closed. Grain: one row. Relations: runs (royalty_runs), run_files (path, sequence: when the file of a
-- row was committed). Parameters: $1 period, $2 run that was closed.
SELECT coalesce((
  SELECT r.run_id FROM runs r JOIN run_files f ON f.path = r._file WHERE r.period = $1 AND r.closed_version > 0
  ORDER BY f.sequence DESC, r.finished_at DESC, r._pos DESC LIMIT 1), $2)
