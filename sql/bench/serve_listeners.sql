-- Rows of listeners_by_day: of each track and day a listener for eight plays, and of each artist and day. Hashes ascend
-- by construction. Grain: one row of the table. Relations: catalogue, stretch.
CREATE OR REPLACE VIEW output AS
SELECT first + d AS day, artist_id, track_id,
  unhex(array_to_string(list_transform(range(many), i -> printf('%016x', i * step + (base + i * 7919) % step)), '')) AS listeners
FROM (
  SELECT *, 9223372036854775807 // many AS step, CAST(hash(artist_id, track_id, d, salt) // 4 AS BIGINT) AS base FROM (
    SELECT *, least(65536, CAST(ceil(plays * share / 8) AS BIGINT)) AS many
    FROM stretch, (
      SELECT artist_id, track_id, plays, chance FROM catalogue
      UNION ALL SELECT artist_id, '', sum(plays), 1 FROM catalogue GROUP BY artist_id),
      LATERAL (SELECT CAST(unnest(range(days)) AS INTEGER) AS d))
  WHERE hash(track_id, d, salt) % 1000000 < 1000000 * chance * share)
