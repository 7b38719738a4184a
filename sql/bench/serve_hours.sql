-- Rows of plays_by_hour of one day, in the order of the catalogue: of a track that is played at all, its plays one by
-- one in the hours of the day, by place and device, at most 1,200 rows. Grain: one row of the table.
-- Relations: catalogue (and the constants).
CREATE OR REPLACE VIEW output AS
SELECT CAST(getvariable('first') AS TIMESTAMP) AT TIME ZONE 'UTC' + to_hours(CAST(i * 24 // slots AS INTEGER)) AS hour, artist_id, track_id,
  ['BR', 'DE', 'FR', 'GB', 'IN', 'JP', 'MX', 'NL', 'SE', 'US'][1 + h % 10] AS country,
  ['laptop', 'phone', 'speaker', 'tablet', 'web'][1 + h // 16 % 5] AS device,
  1::BIGINT AS plays, 180000::BIGINT AS ms_played, CAST(CAST(h AS BIT) AS BLOB) AS listeners
FROM (SELECT *, CAST(hash(n, i, getvariable('salt')) // 2 AS BIGINT) AS h FROM (
  SELECT artist_id, track_id, n, slots, unnest(range(slots)) AS i FROM (
    SELECT *, least(1200, CAST(floor(plays * getvariable('share') + hash(n, getvariable('salt')) % 1000 / 1000) AS BIGINT)) AS slots
    FROM catalogue WHERE track_id <> '')))
