-- The copies of torn days that the ledger tables do not have, neither as the one that counts nor as one that does not,
-- under the same source position with the same content.
-- Grain: one archived copy. Relations: copies_torn (files of listens), counted_torn (listens_counted), duplicates_torn
-- (listens_duplicates). The last two have all days of the first.
CREATE OR REPLACE VIEW unrecorded AS
SELECT a.*
FROM copies_torn a
ANTI JOIN counted_torn l
  ON a.listen_id = l.listen_id AND a.source_topic = l.source_topic AND a.source_partition = l.source_partition AND a.source_offset = l.source_offset
  AND a.received_time = l.received_time AND a.event_time = l.event_time AND a.ms_played = l.ms_played AND a.track_id = l.track_id
  AND a.artist_id = l.artist_id AND a.user_id = l.user_id AND a.country = l.country AND a.tier = l.tier AND a.device = l.device
  AND a.track_ms IS NOT DISTINCT FROM l.track_ms
ANTI JOIN duplicates_torn d
  ON a.listen_id = d.listen_id AND a.source_topic = d.source_topic AND a.source_partition = d.source_partition AND a.source_offset = d.source_offset
  AND a.received_time = d.received_time AND d.payload = md5(concat_ws(chr(31), epoch_us(a.event_time), a.ms_played, a.track_id, a.artist_id,
    a.user_id, a.country, a.tier, a.device, coalesce(a.track_ms, 0)))
