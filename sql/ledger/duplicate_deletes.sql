-- Rows that listens_duplicates loses because their winner changed; they are written anew.
-- Grain: one row a duplicates row, as (_file, _pos). Relations: copies, losers.
SELECT duplicate_file, duplicate_pos
FROM copies JOIN losers l USING (listen_id, source_topic, source_partition, source_offset, received_time, payload)
WHERE duplicate_file IS NOT NULL AND NOT l.unchanged
