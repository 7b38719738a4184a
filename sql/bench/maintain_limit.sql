-- What compaction is measured against: the same files sorted and written by DuckDB alone. It reads no row deletes,
-- keeps no place of a row, and checks nothing. Grain: a listen. Relations: archive (all copies). Variables: folder.
COPY (
  SELECT * EXCLUDE (_file, _pos) FROM archive ORDER BY user_id, event_time
) TO (getvariable('folder') || '/sorted.parquet') (FORMAT parquet, COMPRESSION zstd)
