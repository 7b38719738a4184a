-- The windows of the requests that look for rows, in order of position.
-- Grain: one request. Units: microseconds since 1970. Relations: wanted.
SELECT user_id, from_us, to_us, up_to, request_us FROM wanted WHERE sweep ORDER BY ord
