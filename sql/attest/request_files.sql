-- The files that say who asked, or why, in a concluded request. Grain: one file.
-- Relations: requests (deletion_requests), concluded.
SELECT DISTINCT _file FROM requests JOIN concluded USING (source_topic, source_partition, source_offset)
WHERE user_id IS NOT NULL OR reason IS NOT NULL
ORDER BY ALL
