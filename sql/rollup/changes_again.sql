-- Published changes that are not there any more, to be written again. Grain: as sql/rollup/changes.sql.
-- Parameters: $1 noticed_at of the newest that are published, in microseconds since 1970.
-- Relations: changes_published, changes_standing (plays_changes as it was published, and as it is), changes.
INSERT INTO changes BY NAME
SELECT day, artist_id, track_id, cause, max(noticed_at) AS noticed_at, CAST(sum(plays) AS BIGINT) AS plays,
  CAST(sum(ms_played) AS BIGINT) AS ms_played, arg_max(archive_snapshot_id, noticed_at) AS archive_snapshot_id
FROM (
  SELECT day, artist_id, track_id, cause, noticed_at, plays, ms_played, archive_snapshot_id FROM changes_published WHERE epoch_us(noticed_at) <= $1
  UNION ALL
  SELECT day, artist_id, track_id, cause, noticed_at, -plays, -ms_played, archive_snapshot_id FROM changes_standing WHERE epoch_us(noticed_at) <= $1
)
GROUP BY day, artist_id, track_id, cause
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0
