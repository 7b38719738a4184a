-- Rows that listens_duplicates loses: the copy counts now, or its winner changed and the row is written anew.
-- Grain: one row a duplicates row, as (_file, _pos). Relations: copies, losers.
SELECT duplicate_file, duplicate_pos
FROM copies c LEFT JOIN losers l USING (listen_id, source_topic, source_partition, source_offset)
WHERE c.duplicate_file IS NOT NULL AND (l.listen_id IS NULL OR NOT l.unchanged)
