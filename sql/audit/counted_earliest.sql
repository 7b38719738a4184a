-- Adds the listens of which one copy was received first. It may lie in another month, and then counts there.
-- Grain: one listen. Parameters: $1, $2 the period, end exclusive. Relations: earliest, ties, counted.
INSERT INTO counted
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM earliest ANTI JOIN ties USING (listen_id)
WHERE event_time >= $1::TIMESTAMPTZ AND event_time < $2::TIMESTAMPTZ
