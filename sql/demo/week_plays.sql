-- Plays of one kind of device in a window, as the dashboard's table has them. Grain: one row.
-- Relations: plays (plays_by_hour). Parameters: $1 device, $2 from, $3 to (half-open).
SELECT coalesce(CAST(sum(plays) AS BIGINT), 0) FROM plays WHERE device = $1 AND hour >= $2 AND hour < $3
