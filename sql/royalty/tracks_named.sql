-- What some tracks were called at the end of a month. Grain: one track that has a name. Relations: all_tracks (tracks).
-- Parameters: $1 ids of tracks, joined by 0x1F, $2 period.
SELECT track_id, coalesce(arg_max(title, coalesce(valid_from, DATE '0001-01-01')), ''),
  coalesce(arg_max(artist_name, coalesce(valid_from, DATE '0001-01-01')), '')
FROM all_tracks
WHERE track_id IN (SELECT unnest(string_split($1, chr(31))))
  AND (valid_from IS NULL OR valid_from < CAST($2 || '-01' AS DATE) + INTERVAL 1 MONTH)
GROUP BY track_id
