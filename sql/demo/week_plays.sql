-- Plays of one kind of device in a window of whole days, as the dashboard has them. Grain: one row.
-- Relations: plays (audience_by_day). Parameters: $1 device, $2 from, $3 to (half-open).
SELECT coalesce(CAST(sum(plays) AS BIGINT), 0) FROM plays WHERE device = $1 AND day >= CAST($2 AS DATE) AND day < CAST($3 AS DATE)
