-- The counted copy of every id, for Trino, in the order of ranked.sql: texts compare bytewise, NULL comes last. The
-- columns are those that royalty lines need. A slice of the ids, as build.trino.sql has it.
-- Grain: one row an id. Relations: archived (copies). Parameters, each a ?: number of slices, a power of two, less
-- one; this slice, from 0.
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY listen_id
    ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms) AS place
  FROM archived
  WHERE bitwise_and(from_big_endian_64(xxhash64(to_utf8(listen_id))), ?) = ?)
WHERE place = 1
