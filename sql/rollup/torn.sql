-- What counts in torn days as far as it is known before the ledger has followed: its rows that the archive still has.
-- Beside it the copies of these days, for ledger/unrecorded. Several statements, no parameters.
-- Grain: one copy. Relations: scope (the torn days), archive_torn (files of listens), counted_torn (of
-- listens_counted). The last two may hold other days too.
CREATE VIEW counted AS
SELECT l.*
FROM counted_torn l SEMI JOIN archive_torn a
  ON a.listen_id = l.listen_id AND a.source_topic = l.source_topic AND a.source_partition = l.source_partition AND a.source_offset = l.source_offset
  AND a.received_time = l.received_time AND a.event_time = l.event_time AND a.ms_played = l.ms_played AND a.track_id = l.track_id
  AND a.artist_id = l.artist_id AND a.user_id = l.user_id AND a.country = l.country AND a.tier = l.tier AND a.device = l.device
  AND a.track_ms IS NOT DISTINCT FROM l.track_ms;
CREATE VIEW copies_torn AS
SELECT * FROM archive_torn WHERE CAST(event_time AS DATE) IN (SELECT day FROM scope);
