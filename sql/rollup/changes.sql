-- What changes in the days of plays_by_day that had ended when it was last written, by cause: late are the new copies,
-- and corrections the rest of the difference, duplicates and erasures together. So a cause never tells of few people.
-- Grain: day, artist_id, track_id, cause. Units: ms_played in milliseconds, signed like plays. Parameters: $1 the first
-- day that had not ended, $2 noticed_at, $3 the archive snapshot. Relations: deltas, differs.
CREATE OR REPLACE TABLE changes AS
SELECT day, artist_id, track_id, cause, CAST($2 AS TIMESTAMPTZ) AS noticed_at,
  CAST(sum(plays) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, CAST($3 AS BIGINT) AS archive_snapshot_id
FROM (
  SELECT day, artist_id, track_id, 'late' AS cause, plays, ms_played FROM deltas
  UNION ALL
  SELECT day, artist_id, track_id, 'corrections', plays, ms_played FROM differs
)
WHERE day < $1
GROUP BY ALL
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0
