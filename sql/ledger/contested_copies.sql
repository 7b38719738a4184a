-- All archived copies of the contested ids. The columns are those that decide which one counts.
-- Grain: one row a copy. Relations: fresh (copies), contested.
CREATE VIEW contested_copies_read AS
SELECT hash(c.listen_id) AS id_hash, listen_id, received_time, event_time, ms_played, track_id, artist_id, user_id, country, tier, device, track_ms
FROM fresh c SEMI JOIN contested ON hash(c.listen_id) = contested.id_hash
