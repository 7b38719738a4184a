-- The sequence number of the archive snapshot that a run covered; 0 where it does not say. Grain: one row.
-- Parameters: $1 run id. Relations: runs (royalty_runs).
SELECT coalesce(max(listens_sequence), 0) FROM runs WHERE run_id = $1
