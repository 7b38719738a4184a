-- Rows that listens_counted gains: new copies nobody contests, and winners that are not in it yet.
-- A view: a first run streams the whole archive through it into files.
-- Grain: one row an id. Relations: fresh, contested, copies.
CREATE VIEW ledger_inserts AS
SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
  source_topic, source_partition, source_offset
FROM fresh c ANTI JOIN contested ON hash(c.listen_id) = contested.id_hash
UNION ALL
SELECT listen_id, user_id, track_id, artist_id, device, event_time, ms_played, track_ms, country, tier, received_time,
  source_topic, source_partition, source_offset
FROM copies WHERE rank = 1 AND ledger_file IS NULL
