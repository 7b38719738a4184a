-- Deletion requests whose rows are not deleted yet and that were not withdrawn. Grain: one row. Units: requests.
-- Relations: deletion_log, deletion_requests.
SELECT count(*) FROM deletion_requests r
WHERE NOT EXISTS (
  SELECT 1 FROM deletion_log l
  WHERE l.source_topic = r.source_topic AND l.source_partition = r.source_partition AND l.source_offset = r.source_offset
    AND l.state NOT IN ('located', 'held', 'released'))
