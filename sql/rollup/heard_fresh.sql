-- What new archive rows say: every copy of it counts.
-- Grain: one copy. Units: ms_played in milliseconds; listener is a keyed hash. Parameters: $1 key of the hash.
-- Relations: fresh (archive files that the tables do not include yet, row deletes applied).
CREATE OR REPLACE TABLE heard AS
SELECT date_trunc('hour', make_timestamp(epoch_us(event_time))) AS hour, artist_id, track_id, country, device,
  CAST(ms_played AS BIGINT) AS ms_played, listener($1, user_id) AS listener, late(event_time, received_time) AS late,
  true AS beyond
FROM fresh
