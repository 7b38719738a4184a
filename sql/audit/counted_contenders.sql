-- Adds what elimination left of the tied listens. Grain: one listen. Parameters: $1, $2 the period, end exclusive.
-- Relations: contenders, counted.
INSERT INTO counted
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM contenders
WHERE event_time >= $1::TIMESTAMPTZ AND event_time < $2::TIMESTAMPTZ
