-- Every known copy of the contested ids with where it is recorded so far. A copy may come twice: from the archive
-- and from the table that has it.
-- The payload is what copies are compared by, hashed; duplicates keep nothing else of it.
-- Grain: one row a copy and place. Relations: contested, fresh (new copies), ledger_hits, ledger_hit_files (the
-- ledger's files with hits), duplicates.
CREATE VIEW known_read AS
SELECT hash(c.listen_id) AS id_hash, listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
  source_topic, source_partition, source_offset,
  md5(concat_ws(chr(31), epoch_us(event_time), ms_played, track_id, artist_id, user_id, country, tier, device, coalesce(track_ms, 0))) AS payload,
  NULL::VARCHAR AS ledger_file, NULL::BIGINT AS ledger_pos, NULL::VARCHAR AS duplicate_file, NULL::BIGINT AS duplicate_pos,
  NULL::TIMESTAMPTZ AS winner_event_time, NULL::BOOLEAN AS payload_conflict, NULL::BOOLEAN AS other_user
FROM fresh c SEMI JOIN contested ON hash(c.listen_id) = contested.id_hash
UNION ALL
SELECT hash(l.listen_id), listen_id, user_id, track_id, artist_id, device, l.event_time, ms_played, track_ms, country, tier, received_time,
  source_topic, source_partition, source_offset,
  md5(concat_ws(chr(31), epoch_us(l.event_time), ms_played, track_id, artist_id, user_id, country, tier, device, coalesce(track_ms, 0))),
  l._file, l._pos, NULL, NULL, NULL, NULL, NULL
FROM ledger_hit_files l SEMI JOIN ledger_hits h ON h.id_hash = hash(l.listen_id) AND h.event_time = l.event_time
UNION ALL
SELECT hash(d.listen_id), listen_id, user_id, NULL, NULL, NULL, event_time, NULL, NULL, NULL, NULL, received_time,
  source_topic, source_partition, source_offset, payload,
  NULL, NULL, _file, _pos, winner_event_time, payload_conflict, other_user
FROM duplicates d SEMI JOIN contested ON hash(d.listen_id) = contested.id_hash
