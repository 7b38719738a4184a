-- Rows of several files of plays_changes, one for all that was noticed on one UTC day. Grain: day, artist_id, track_id,
-- cause, and the day of noticed_at. Units: ms_played in milliseconds. Relations: merging (files of plays_changes).
CREATE OR REPLACE TABLE merged AS
SELECT day, artist_id, track_id, cause, max(noticed_at) AS noticed_at, CAST(sum(plays) AS BIGINT) AS plays,
  CAST(sum(ms_played) AS BIGINT) AS ms_played, arg_max(archive_snapshot_id, noticed_at) AS archive_snapshot_id
FROM merging
GROUP BY day, artist_id, track_id, cause, CAST(noticed_at AS DATE)
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0
