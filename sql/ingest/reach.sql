-- How far the rows of a table reach into their sources: the number after the last one. Grain: one partition of a
-- source.
-- Relations: written (listens, quarantine or deletion_requests, rows that are deleted by position among them).
SELECT source_topic, source_partition, least(max(source_offset), 9223372036854775806) + 1 FROM written
WHERE source_topic IS NOT NULL AND source_partition IS NOT NULL AND source_offset IS NOT NULL
GROUP BY ALL
