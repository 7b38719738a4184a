-- The entries of a source that was read to its end: the number after the last line, and the snapshot of listens that
-- has the last rows, 0 where an earlier version did not say. Grain: one entry. Parameters: $1 the source's name.
-- Relations: finished.
SELECT next_line, coalesce(listens_snapshot_id, 0), coalesce(listens_sequence, 0) FROM finished WHERE source = $1
