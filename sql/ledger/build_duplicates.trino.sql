-- The copies that do not count, of all copies of the archive. Ids that several copies claim are told by a hash first:
-- it takes a tenth of the memory of the rows. A copy is told by its source position and its content, because another
-- engine may have given a position to several rows; one that equals the winner in both is the winner.
-- The payload is what known.sql makes of it, to the letter. Its time is in microseconds, whose digits are only in the
-- text of a time: functions of times count in milliseconds.
-- Grain: one row a copy. Relations: copies (listens). Parameters, each a ?: number of slices, a power of two, less
-- one; this slice, from 0.
WITH hashed AS (
  SELECT *, from_big_endian_64(xxhash64(to_utf8(listen_id))) AS id_hash FROM copies
), here AS (
  SELECT * FROM hashed WHERE bitwise_and(id_hash, ?) = ?
), contested AS (
  SELECT * FROM here WHERE id_hash IN (SELECT id_hash FROM here GROUP BY id_hash HAVING count(*) > 1)
), heard AS (
  SELECT *, lower(to_hex(md5(to_utf8(concat_ws(chr(31),
    CAST(date_diff('second', TIMESTAMP '1970-01-01 00:00:00 UTC', date_trunc('second', event_time)) * 1000000
      + CAST(split_part(split_part(CAST(event_time AS varchar), '.', 2), ' ', 1) AS bigint) AS varchar),
    CAST(ms_played AS varchar), track_id, artist_id, user_id, country, tier, device, CAST(coalesce(track_ms, 0) AS varchar)))))) AS payload
  FROM contested
), ranked AS (
  SELECT *, rank() OVER places AS place, first_value(event_time) OVER places AS winner_event_time,
    first_value(payload) OVER places AS winner_payload, first_value(user_id) OVER places AS winner_user_id
  FROM heard
  WINDOW places AS (
    PARTITION BY listen_id
    ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms,
      source_topic, source_partition, source_offset)
)
SELECT DISTINCT listen_id, user_id, event_time, received_time, source_topic, source_partition, source_offset,
  winner_event_time, payload, payload <> winner_payload AS payload_conflict, user_id <> winner_user_id AS other_user
FROM ranked WHERE place > 1
