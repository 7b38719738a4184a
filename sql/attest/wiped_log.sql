-- A file of deletion_log as it is to be: steps of concluded requests have no words of operators.
-- Creates the view wiped. Grain: one step. Relations: wiping (one file of deletion_log), concluded.
CREATE OR REPLACE VIEW wiped AS
SELECT w.* REPLACE (CASE WHEN c.source_topic IS NULL THEN w.why END AS why)
FROM wiping w LEFT JOIN concluded c
  ON c.source_topic = w.source_topic AND c.source_partition = w.source_partition AND c.source_offset = w.source_offset
