-- The rows to add: whole days where they are rewritten, the deltas of all others.
-- Grain: hour, artist_id, track_id, country, device. Units: ms_played in milliseconds.
-- Relations: deltas, exact, changed.
CREATE VIEW output AS
SELECT hour, artist_id, track_id, country, device, plays, ms_played
FROM deltas WHERE CAST(hour AS DATE) NOT IN (SELECT day FROM changed)
UNION ALL
SELECT hour, artist_id, track_id, country, device, plays, ms_played
FROM exact WHERE CAST(hour AS DATE) IN (SELECT day FROM changed)
