-- The table of tracks after a file was loaded: its rows, and those of tracks it does not name. Sorted, so that a
-- reader of some tracks skips most of it. Grain: one track for some dates. Relations: applied, all_tracks (tracks).
CREATE VIEW merged_tracks AS
FROM applied
UNION ALL
SELECT track_id, title, artist_name, label_id, label_name, isrc, valid_from, valid_to
FROM all_tracks ANTI JOIN applied USING (track_id)
ORDER BY track_id, valid_from
