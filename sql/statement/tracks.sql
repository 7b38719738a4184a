-- Adds what tracks were called, and whose they were, in a period: by the row valid on its first day, the newest if
-- several are, else by the first that becomes valid within it. Grain: one track. Relations: tracks, money, track_info.
-- Parameters: $1 period.
INSERT INTO track_info
WITH valid AS (
  SELECT *, CAST($1 || '-01' AS DATE) AS first_day, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
  FROM tracks SEMI JOIN (SELECT track_id FROM money WHERE origin_period = $1) USING (track_id)
)
SELECT $1::VARCHAR, track_id, unnest(arg_min(
  {'title': coalesce(title, ''), 'artist_name': coalesce(artist_name, ''), 'label_id': coalesce(label_id, ''),
   'label_name': coalesce(label_name, ''), 'isrc': coalesce(isrc, '')},
  {'later': since > first_day, 'distance': abs(since - first_day), 'label_id': label_id, 'title': title, 'isrc': isrc}))
FROM valid
WHERE since < first_day + INTERVAL 1 MONTH AND until > first_day AND until > since
GROUP BY track_id
