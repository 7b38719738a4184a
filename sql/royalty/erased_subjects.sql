-- How many people had counted listens erased that touched a period: those whose rows were deleted before the ledger was read, and
-- all of whom any may have been by now. Grain: one row. Units: people.
-- Relations: erased_log and erased_requests (deletion_log and deletion_requests as of before the ledger), located_log and
-- located_requests (the same, later). Parameters: $1 period, $2 since when.
SELECT (
  SELECT count(DISTINCT r.subject)
  FROM erased_log l JOIN erased_requests r USING (source_topic, source_partition, source_offset)
  WHERE l.state = 'rows_deleted' AND l.listens_counted > 0 AND l."at" >= $2 AND list_contains(string_split(l.periods, ','), $1)
), (
  SELECT count(DISTINCT r.subject)
  FROM located_log l JOIN located_requests r USING (source_topic, source_partition, source_offset)
  WHERE l.state IN ('located', 'rows_deleted') AND l.listens_counted > 0 AND list_contains(string_split(l.periods, ','), $1)
    AND NOT EXISTS (
      SELECT 1 FROM located_log d
      WHERE d.source_topic = l.source_topic AND d.source_partition = l.source_partition AND d.source_offset = l.source_offset
        AND d.state = 'rows_deleted' AND d."at" >= l."at" AND d."at" < $2)
)
