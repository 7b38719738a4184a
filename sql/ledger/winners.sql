-- The counted copy of every id: the only one there is, or the one that ranked first. The columns are those that
-- royalty lines need. A view: nothing of the archive is held.
-- Grain: one row an id. Relations: fresh (copies), contested, winners_contested.
CREATE VIEW winners AS
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier
FROM fresh c ANTI JOIN contested ON hash(c.listen_id) = contested.id_hash
UNION ALL
SELECT track_id, artist_id, device, event_time, ms_played, track_ms, country, tier FROM winners_contested
