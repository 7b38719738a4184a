-- The number after the last line of a source: 0 if it is not finished. Grain: one row.
-- Parameters: $1 the source's name. Relations: finished.
SELECT coalesce(max(next_line), 0) FROM finished WHERE source = $1
