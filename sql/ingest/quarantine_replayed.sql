-- How many records were refused and have passed since. Grain: one outcome.
-- Units: microseconds since 1970. Parameters: $1 reason or '', $2 received_time from or NULL. Relations: quarantine.
SELECT outcome, count(*) FROM quarantine
WHERE outcome IS NOT NULL AND $1 IN ('', reason) AND ($2 IS NULL OR epoch_us(received_time) >= $2)
GROUP BY outcome ORDER BY outcome
