-- The counted copy of every id, for Trino, in the order of ranked.sql: texts compare bytewise, NULL comes last. The
-- columns are those that royalty lines need.
-- Grain: one row an id. Relations: archived (copies).
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY listen_id
    ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) AS place
  FROM archived)
WHERE place = 1
