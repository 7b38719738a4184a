-- The counted copy of every id that has one copy only: no comparison is needed. The others follow slice by slice.
-- The columns are those that royalty lines need.
-- Grain: one row an id. Relations: archive (all copies), contested.
CREATE TABLE winners AS
SELECT listen_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM archive ANTI JOIN contested USING (listen_id)
