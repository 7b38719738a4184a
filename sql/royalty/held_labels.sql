-- The label of every track in a month: by the row valid on its first day, the newest if several are, else by the first
-- that becomes valid within it. Grain: one track. Relations: tracks. Parameters: $1 period.
CREATE OR REPLACE TABLE main.held_labels AS
WITH valid AS (
  SELECT *, CAST($1 || '-01' AS DATE) AS first_day, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
  FROM tracks
)
SELECT track_id, arg_min(coalesce(label_id, ''), {'later': since > first_day, 'distance': abs(since - first_day), 'label_id': label_id, 'title': title, 'isrc': isrc}) AS label_id
FROM valid
WHERE since < first_day + INTERVAL 1 MONTH AND until > first_day AND until > since
GROUP BY track_id
