-- The tracks as a file has them. Grain: one track for some dates. Relations: all_tracks (tracks).
SELECT track_id, coalesce(title, ''), coalesce(artist_name, ''), coalesce(label_id, ''), coalesce(label_name, ''), coalesce(isrc, ''),
  coalesce(strftime(valid_from, '%Y-%m-%d'), ''), coalesce(strftime(valid_to, '%Y-%m-%d'), '')
FROM all_tracks
ORDER BY track_id, valid_from NULLS FIRST
