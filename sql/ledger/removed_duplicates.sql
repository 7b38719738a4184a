-- Rows of listens_duplicates whose copy the archive does not have any more, not under the same source position with the
-- same content. Grain: one duplicates row. Relations: duplicates_torn (listens_duplicates), archive_torn (listens).
-- Both have the same days.
CREATE OR REPLACE TABLE removed_duplicates AS
SELECT d._file, d._pos
FROM duplicates_torn d ANTI JOIN archive_torn a
  ON a.listen_id = d.listen_id AND a.source_topic = d.source_topic AND a.source_partition = d.source_partition AND a.source_offset = d.source_offset
  AND a.received_time = d.received_time AND d.payload = md5(concat_ws(chr(31), epoch_us(a.event_time), a.ms_played, a.track_id, a.artist_id,
    a.user_id, a.country, a.tier, a.device, coalesce(a.track_ms, 0)))
