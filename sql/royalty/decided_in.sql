-- The snapshot that added the decision to close a period. Grain: one row.
-- Relations: closes (royalty_closes), close_files (path, added_by: in which snapshot a row's file was committed).
-- Parameters: $1 period.
SELECT coalesce(max(f.added_by), 0) FROM closes c JOIN close_files f ON f.path = c._file WHERE c.period = $1
