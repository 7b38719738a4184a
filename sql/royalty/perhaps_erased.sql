-- Whether a request had counted listens erased, or was about to, that touched a period, since a time. Grain: one row.
-- Relations: located_log (deletion_log). Parameters: $1 period, $2 since when.
SELECT count(*) > 0 FROM located_log l
WHERE l.state IN ('located', 'rows_deleted') AND l.listens_counted > 0 AND list_contains(string_split(l.periods, ','), $1)
  AND NOT EXISTS (
    SELECT 1 FROM located_log d
    WHERE d.source_topic = l.source_topic AND d.source_partition = l.source_partition AND d.source_offset = l.source_offset
      AND d.state = 'rows_deleted' AND d."at" >= l."at" AND d."at" < $2)
