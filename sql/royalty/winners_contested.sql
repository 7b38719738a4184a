-- The counted copy of the contested ids of one slice, from the archive alone. The order is that of ranked.sql.
-- Grain: one row an id. Relations: archive (all copies), contested_now.
INSERT INTO winners
SELECT listen_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM archive SEMI JOIN contested_now USING (listen_id)
QUALIFY row_number() OVER (
  PARTITION BY listen_id
  ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) = 1
