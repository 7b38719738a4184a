-- Rows of audience_by_day, in the order of artists, days, places and devices: up to 50 places and devices of an artist
-- and day. Grain: one row of the table. Relations: catalogue (and the constants).
CREATE OR REPLACE VIEW output AS
SELECT getvariable('first') + d AS day, artist_id, ['BR', 'DE', 'FR', 'GB', 'IN', 'JP', 'MX', 'NL', 'SE', 'US'][1 + i // 5] AS country,
  ['laptop', 'phone', 'speaker', 'tablet', 'web'][1 + i % 5] AS device, each AS plays, each * 180000 AS ms_played,
  CAST(CAST(CAST(hash(n, i, d, getvariable('salt')) // 2 AS BIGINT) AS BIT) AS BLOB) AS listeners
FROM (
  SELECT n, artist_id, d, unnest(range(cells)) AS i, CAST(ceil(plays / cells) AS BIGINT) AS each FROM (
    SELECT *, least(50, CAST(floor(plays / 4 + hash(n, d, getvariable('salt')) % 1000 / 1000) AS BIGINT)) AS cells FROM (
      SELECT n, artist_id, plays * getvariable('share') AS plays, unnest(CAST(range(getvariable('days')) AS INTEGER[])) AS d
      FROM catalogue WHERE track_id = '')))
