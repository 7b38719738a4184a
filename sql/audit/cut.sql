-- The archive as the run saw it, less what is gone since. Grain: one archived copy.
-- Relations: archive (listens), reach, replayed.
CREATE VIEW cut AS
WITH farthest AS (SELECT source_topic, source_partition, max(next) AS next FROM reach GROUP BY ALL)
SELECT a.*
FROM archive a
LEFT JOIN farthest f ON f.source_topic = a.source_topic AND f.source_partition = a.source_partition
LEFT JOIN replayed p ON p.source_topic = a.source_topic AND p.source_partition = a.source_partition AND p.source_offset = a.source_offset
WHERE coalesce(NOT p.later, a.source_offset < f.next, false)
