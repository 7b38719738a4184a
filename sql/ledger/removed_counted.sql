-- Rows of the ledger whose copy the archive does not have any more, not under the same source position with the same
-- content.
-- Grain: one ledger row. Relations: counted_torn (listens_counted), archive_torn (listens). Both have the same days.
CREATE OR REPLACE TABLE removed_counted AS
SELECT l._file, l._pos, l.user_id, l.event_time
FROM counted_torn l ANTI JOIN archive_torn a
  ON a.listen_id = l.listen_id AND a.source_topic = l.source_topic AND a.source_partition = l.source_partition AND a.source_offset = l.source_offset
  AND a.received_time = l.received_time AND a.event_time = l.event_time AND a.ms_played = l.ms_played AND a.track_id = l.track_id
  AND a.artist_id = l.artist_id AND a.user_id = l.user_id AND a.country = l.country AND a.tier = l.tier AND a.device = l.device
  AND a.track_ms IS NOT DISTINCT FROM l.track_ms
