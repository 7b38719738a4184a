-- Gives a row where a request covers a row of listens, listens_counted or listens_duplicates; it stands inside of a
-- DELETE, whose table has user_id, event_time and received_time. The macro covers in relations.sql says the same.
-- Grain: one row and one request. Relations: windows (the windows of requests; a start or an end is NULL where there
-- is none).
SELECT 1 FROM windows w
WHERE w.listener = user_id AND (w.starts IS NULL OR event_time >= w.starts)
  AND CASE WHEN w.up_to THEN event_time < w.asked OR received_time <= w.asked ELSE event_time < w.ends END
