-- How many records are refused. Grain: one reason.
-- Units: microseconds since 1970. Parameters: $1 reason or '', $2 received_time from or NULL. Relations: quarantine.
SELECT reason, count(*) FROM quarantine
WHERE outcome IS NULL AND $1 IN ('', reason) AND ($2 IS NULL OR epoch_us(received_time) >= $2)
GROUP BY reason ORDER BY reason
