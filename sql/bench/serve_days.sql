-- Rows of plays_by_day, in the order of the catalogue. Grain: one row of the table. Relations: catalogue (and the
-- constants).
CREATE OR REPLACE VIEW output AS
SELECT getvariable('first') + d AS day, artist_id, track_id, plays, plays * 180000 AS ms_played
FROM (
  SELECT artist_id, track_id, n, CAST(ceil(plays * getvariable('share')) AS BIGINT) AS plays,
    CAST(chance * getvariable('share') * 18446744073709550000 AS UBIGINT) AS bound, unnest(CAST(range(getvariable('days')) AS INTEGER[])) AS d
  FROM catalogue WHERE track_id <> '')
WHERE hash(n, d, getvariable('salt')) < bound
