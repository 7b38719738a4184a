-- The explained listens, those that do not qualify first. Grain: one counted listen. Units: milliseconds, copies.
-- Parameters: $1 rows. Relations: explained.
SELECT listen_id, event_time, country, tier, device, ms_played, track_ms, received_time, qualifies, rule, copies
FROM explained ORDER BY qualifies, event_time, listen_id LIMIT $1
