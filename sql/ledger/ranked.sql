-- The known copies of a slice of the contested ids, each once, ranked: rank 1 counts. A copy is told by its
-- source position and its content, because another engine may have given a position to several rows. It may come
-- from the archive although a table has it: a run that crashed between the two commits is done again, and ids whose
-- winner was erased are read again.
-- Duplicates keep no payload, only its hash. One without payload never outranks: it lost against a row of
-- the ledger, and where that row was erased, all copies of the id come from the archive.
-- The smallest by content counts; see package ledger. NULL comes last. Copies that tie are the same listen to the
-- letter; the one that counts already stays.
-- Ranking needs its rows in memory at once, hence the slices.
-- Grain: one row a copy. Relations: known, copies. Parameters: $1 number of
-- slices, a power of two, less one; $2 this slice, from 0.
INSERT INTO copies BY NAME
WITH single AS (
  SELECT listen_id, source_topic, source_partition, source_offset,
    any_value(user_id) AS user_id, any_value(track_id) AS track_id, any_value(artist_id) AS artist_id, any_value(device) AS device,
    any_value(event_time) AS event_time, any_value(ms_played) AS ms_played, any_value(track_ms) AS track_ms,
    any_value(country) AS country, any_value(tier) AS tier, received_time, payload,
    any_value(ledger_file) AS ledger_file, any_value(ledger_pos) AS ledger_pos,
    any_value(duplicate_file) AS duplicate_file, any_value(duplicate_pos) AS duplicate_pos,
    any_value(winner_event_time) AS was_winner_event_time, any_value(payload_conflict) AS was_payload_conflict, any_value(other_user) AS was_other_user
  FROM known WHERE id_hash & $1::UBIGINT = $2::UBIGINT
  GROUP BY listen_id, source_topic, source_partition, source_offset, received_time, payload
)
SELECT *, row_number() OVER (
  PARTITION BY listen_id
  ORDER BY track_id IS NULL, received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms,
    ledger_file IS NULL, source_topic, source_partition, source_offset) AS rank
FROM single
