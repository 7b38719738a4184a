-- Adds to marks the refused records that a table holds although nothing is said of them: a replay brought them
-- there and was cut off. Grain: one record. Parameters: $1 the outcome, $2 when.
-- Relations: quarantine, placed (listens or deletion_requests), marks.
INSERT INTO marks
SELECT DISTINCT q.source_topic, q.source_partition, q.source_offset, $1::VARCHAR, $2::TIMESTAMPTZ
FROM quarantine q JOIN placed p
  ON p.source_topic = q.source_topic AND p.source_partition = q.source_partition AND p.source_offset = q.source_offset
WHERE q.outcome IS NULL
