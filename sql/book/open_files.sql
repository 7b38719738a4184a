-- The rows of the files of erased_files that have a row without a snapshot: of a delete that may not have landed.
-- Grain: one row. Units: at in microseconds since 1970. Relations: erased (erased_files).
SELECT table_name, file_path, rows, coalesce(snapshot_id, 0) AS snapshot_id, epoch_us("at") AS at_us, _file
FROM erased WHERE _file IN (SELECT _file FROM erased WHERE snapshot_id IS NULL)
ORDER BY table_name, file_path, at_us
