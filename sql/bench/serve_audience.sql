-- Rows of audience_by_day: up to 50 places and devices of an artist and day. Grain: one row of the table.
-- Relations: catalogue, stretch.
CREATE OR REPLACE VIEW output AS
SELECT first + d AS day, artist_id, ['DE', 'US', 'BR', 'GB', 'SE', 'JP', 'FR', 'MX', 'NL', 'IN'][1 + i % 10] AS country,
  ['phone', 'laptop', 'web', 'speaker', 'tablet'][1 + i // 10] AS device, CAST(ceil(plays / cells) AS BIGINT) AS plays,
  CAST(ceil(plays / cells) AS BIGINT) * 180000 AS ms_played, unhex(printf('%016x', hash(artist_id, i, d, salt) // 2)) AS listeners
FROM (
  SELECT *, unnest(range(cells)) AS i FROM (
    SELECT *, least(50, CAST(floor(plays / 4 + hash(artist_id, d, salt) % 1000 / 1000) AS BIGINT)) AS cells
    FROM stretch, (SELECT artist_id, sum(plays * share) AS plays FROM catalogue, stretch GROUP BY artist_id),
      LATERAL (SELECT CAST(unnest(range(days)) AS INTEGER) AS d)))
