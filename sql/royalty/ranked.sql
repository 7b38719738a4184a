-- Every known copy of the contested ids, once, with where it is recorded so far, ranked: rank 1 counts.
-- A copy is told by its source position. It may come from the archive again although a table has it: a run
-- that crashed between the two commits is done again, and ids whose winner was erased are read again.
-- Duplicates keep no payload, only its hash. One without payload never outranks: it lost against a row of
-- the ledger, and where that row was erased, all copies of the id come from the archive.
-- The smallest by content counts; see package royalty. NULL comes last. Copies that tie are the same listen to the letter; the one
-- that counts already stays.
-- A view over one slice of the contested ids: ranking needs them all in memory at once, so the job takes them slice
-- by slice (see slices.sql) and collects the rows in copies.
-- Grain: one row a copy. Relations: contested_now, fresh, ledger, duplicates.
CREATE VIEW ranked AS
WITH known AS (
  SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
    source_topic, source_partition, source_offset,
    md5(concat_ws(chr(31), epoch_us(event_time), ms_played, track_id, artist_id, user_id, country, tier, device, coalesce(track_ms, 0))) AS payload,
    NULL AS ledger_file, NULL AS ledger_pos, NULL AS duplicate_file, NULL AS duplicate_pos,
    NULL::TIMESTAMPTZ AS winner_event_time, NULL::BOOLEAN AS payload_conflict, NULL::BOOLEAN AS other_user
  FROM fresh SEMI JOIN contested_now USING (listen_id)
  UNION ALL
  SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
    source_topic, source_partition, source_offset,
    md5(concat_ws(chr(31), epoch_us(event_time), ms_played, track_id, artist_id, user_id, country, tier, device, coalesce(track_ms, 0))),
    _file, _pos, NULL, NULL, NULL, NULL, NULL
  FROM ledger SEMI JOIN contested_now USING (listen_id)
  UNION ALL
  SELECT listen_id, user_id, NULL, NULL, NULL, event_time, NULL, NULL, NULL, NULL, received_time,
    source_topic, source_partition, source_offset, payload,
    NULL, NULL, _file, _pos, winner_event_time, payload_conflict, other_user
  FROM duplicates SEMI JOIN contested_now USING (listen_id)
), single AS (
  SELECT listen_id, source_topic, source_partition, source_offset,
    any_value(user_id) AS user_id, any_value(track_id) AS track_id, any_value(artist_id) AS artist_id, any_value(device) AS device,
    any_value(event_time) AS event_time, any_value(ms_played) AS ms_played, any_value(track_ms) AS track_ms,
    any_value(country) AS country, any_value(tier) AS tier, any_value(received_time) AS received_time, any_value(payload) AS payload,
    any_value(ledger_file) AS ledger_file, any_value(ledger_pos) AS ledger_pos,
    any_value(duplicate_file) AS duplicate_file, any_value(duplicate_pos) AS duplicate_pos,
    any_value(winner_event_time) AS was_winner_event_time, any_value(payload_conflict) AS was_payload_conflict, any_value(other_user) AS was_other_user
  FROM known GROUP BY listen_id, source_topic, source_partition, source_offset
)
SELECT *, row_number() OVER (
  PARTITION BY listen_id
  ORDER BY track_id IS NULL, received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms,
    ledger_file IS NULL, source_topic, source_partition, source_offset) AS rank
FROM single
