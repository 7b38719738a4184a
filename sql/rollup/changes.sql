-- What changes in the days of plays_by_day that had ended when it was last written, by cause: late are the new copies,
-- the rest of the difference duplicates and erasures. These are told apart where deletion_log has erasures of the key,
-- which are of many people, never of few: they take of the difference what is there to take. What is left are
-- duplicates where $4 says that nothing else can be in it, and in the days of moved; else corrections, as is all of it
-- without erasures.
-- Grain: day, artist_id, track_id, cause. Units: ms_played in milliseconds, signed like plays.
-- Parameters: $1 the first day that had not ended, $2 noticed_at, $3 the archive snapshot, $4 the erasures are all
-- there were. Relations: deltas, differs, erasures, moved.
CREATE OR REPLACE TABLE changes AS
WITH split AS (
  SELECT d.day, d.artist_id, d.track_id, d.plays, d.ms_played,
    CASE WHEN e.plays IS NULL OR d.plays >= 0 THEN 0 ELSE greatest(d.plays, -e.plays) END AS taken,
    CASE WHEN d.plays > -e.plays THEN d.ms_played ELSE -e.ms_played END AS taken_ms
  FROM differs d LEFT JOIN erasures e ON e.day = d.day AND e.artist_id = d.artist_id AND e.track_id IS NOT DISTINCT FROM d.track_id
)
SELECT day, artist_id, track_id, cause, CAST($2 AS TIMESTAMPTZ) AS noticed_at,
  CAST(sum(plays) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, CAST($3 AS BIGINT) AS archive_snapshot_id
FROM (
  SELECT day, artist_id, track_id, 'late' AS cause, plays, ms_played FROM deltas
  UNION ALL
  SELECT day, artist_id, track_id, 'erasures', taken, taken_ms FROM split WHERE taken <> 0
  UNION ALL
  SELECT day, artist_id, track_id, CASE WHEN taken <> 0 AND $4 OR day IN (SELECT day FROM moved) THEN 'duplicates' ELSE 'corrections' END,
    plays - taken, CASE WHEN taken = 0 THEN ms_played ELSE ms_played - taken_ms END
  FROM split
)
WHERE day < $1
GROUP BY ALL
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0
