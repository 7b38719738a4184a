-- The counted copy of each listen, of all copies of the archive: the smallest by content, see package ledger. NULL
-- comes last, and strings are compared bytewise. A slice of the ids, so that the rows fit in the memory of the nodes.
-- Grain: one row an id. Relations: copies (listens). Parameters, each a ?: number of slices, a power of two, less
-- one; this slice, from 0.
SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
  source_topic, source_partition, source_offset
FROM (
  SELECT *, row_number() OVER (
    PARTITION BY listen_id
    ORDER BY received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms,
      source_topic, source_partition, source_offset) AS place
  FROM copies
  WHERE bitwise_and(from_big_endian_64(xxhash64(to_utf8(listen_id))), ?) = ?
)
WHERE place = 1
