-- The tracks as a file has them. Grain: one track for some dates. Relations: all_tracks (tracks).
SELECT track_id, coalesce(title, '') AS title, coalesce(artist_name, '') AS artist_name, coalesce(label_id, '') AS label_id,
  coalesce(label_name, '') AS label_name, coalesce(isrc, '') AS isrc, coalesce(strftime(valid_from, '%Y-%m-%d'), '') AS valid_from,
  coalesce(strftime(valid_to, '%Y-%m-%d'), '') AS valid_to
FROM all_tracks t
ORDER BY track_id, t.valid_from NULLS FIRST
