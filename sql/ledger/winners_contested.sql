-- The counted copies of a slice of the contested ids, from the archive alone. The order is that of ranked.sql.
-- Ranking needs its rows in memory at once, hence the slices.
-- Grain: one row an id. Relations: contested_copies, winners_contested. Parameters: $1 number of
-- slices, a power of two, less one; $2 this slice, from 0.
INSERT INTO winners_contested
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM contested_copies WHERE id_hash & $1::UBIGINT = $2::UBIGINT
QUALIFY row_number() OVER (
  PARTITION BY listen_id
  ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) = 1
