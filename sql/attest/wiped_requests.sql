-- A file of deletion_requests as it is to be: concluded requests do not say who asked, nor why. Creates the view wiped.
-- Grain: one request row. Relations: wiping (one file of deletion_requests), concluded.
CREATE OR REPLACE VIEW wiped AS
SELECT w.* REPLACE (CASE WHEN c.source_topic IS NULL THEN w.user_id END AS user_id, CASE WHEN c.source_topic IS NULL THEN w.reason END AS reason)
FROM wiping w LEFT JOIN concluded c
  ON c.source_topic = w.source_topic AND c.source_partition = w.source_partition AND c.source_offset = w.source_offset
