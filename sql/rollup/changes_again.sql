-- Published changes that are not there any more, to be written again. Grain: as sql/rollup/changes.sql.
-- Relations: changes_published, changes_standing (plays_changes as it was published, and as it is), changes.
INSERT INTO changes BY NAME
SELECT day, artist_id, track_id, cause, noticed_at, plays, ms_played, archive_snapshot_id
FROM changes_published WHERE noticed_at NOT IN (SELECT noticed_at FROM changes_standing)
