-- Rows of plays_by_hour: of a track that is played at all in the stretch, its plays one by one in the hours of the day,
-- by place and device, at most 1,200 rows a day. Grain: one row of the table. Relations: catalogue, stretch.
CREATE OR REPLACE VIEW output AS
SELECT CAST(first + d AS TIMESTAMP) AT TIME ZONE 'UTC' + to_hours(CAST(i * 24 // slots AS INTEGER)) AS hour, artist_id, track_id,
  ['DE', 'US', 'BR', 'GB', 'SE', 'JP', 'FR', 'MX', 'NL', 'IN'][1 + h % 10] AS country,
  ['phone', 'laptop', 'web', 'speaker', 'tablet'][1 + h // 16 % 5] AS device,
  1::BIGINT AS plays, 180000::BIGINT AS ms_played, unhex(printf('%016x', h)) AS listeners
FROM (SELECT *, CAST(hash(track_id, i, d, salt) // 2 AS BIGINT) AS h FROM (
  SELECT artist_id, track_id, first, salt, d, slots, unnest(range(slots)) AS i FROM (
    SELECT *, least(1200, CAST(floor(plays * share + hash(track_id, d, salt) % 1000 / 1000) AS BIGINT)) AS slots
    FROM stretch, catalogue, LATERAL (SELECT CAST(unnest(range(days)) AS INTEGER) AS d))))
