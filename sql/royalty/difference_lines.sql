-- What differs between the lines of two statements of a period. Grain: one line. Units: listens, signed.
-- Relations: before_lines, after_lines, differences. Parameters: $1 period, $2 cause.
INSERT INTO main.differences
SELECT $1, 'line', $2, artist_id, track_id, country, tier, NULL, NULL, NULL, CAST(sum(l) AS BIGINT), CAST(sum(q) AS BIGINT), NULL
FROM (
  SELECT artist_id, track_id, country, tier, listens AS l, qualified_listens AS q FROM after_lines
  UNION ALL
  SELECT artist_id, track_id, country, tier, -listens, -qualified_listens FROM before_lines)
GROUP BY artist_id, track_id, country, tier HAVING sum(l) <> 0 OR sum(q) <> 0
