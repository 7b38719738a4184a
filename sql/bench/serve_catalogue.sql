-- A catalogue whose plays follow Zipf's law, for tables of a wanted size. It lies in the order of artists and tracks.
-- Grain: one track, or all tracks of an artist (track_id ''). Rank 1 is played most; ranks lie anywhere among the
-- artists. The first artist has hundreds of tracks, the last ones a few. plays are those of a day, chance is that of a
-- row of the track on a day, n is a number of the row. Both follow from 200 rows of days and 100 of hours (14 days) a
-- track.
-- $1 tracks, $2 artists. Relations: none.
CREATE OR REPLACE TABLE catalogue AS
WITH tracks AS (
  SELECT i AS n, printf('a%06d', CAST(floor($2 * (i / $1) ** 1.5) AS BIGINT)) AS artist_id, printf('t%07d', i) AS track_id,
    0.868 * $1 / rank AS plays, 1 - exp(-0.098 * $1 / rank) AS chance
  FROM (SELECT i, 1 + (i * 611953) % CAST($1 AS BIGINT) AS rank FROM range(CAST($1 AS BIGINT)) AS t(i)))
SELECT * FROM tracks UNION ALL SELECT -1 - min(n), artist_id, '', sum(plays), 1 FROM tracks GROUP BY artist_id
ORDER BY artist_id, track_id
