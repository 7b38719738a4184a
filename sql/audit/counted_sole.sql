-- The listens of the period that count, as far as lines need them: first those with one copy. Grain: one listen.
-- Parameters: $1, $2 the period, end exclusive. Relations: cut, heard.
CREATE TABLE counted AS
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM cut ANTI JOIN heard USING (listen_id)
WHERE event_time >= $1::TIMESTAMPTZ AND event_time < $2::TIMESTAMPTZ
