-- Rows of plays_by_day. Grain: one row of the table. Relations: catalogue, stretch.
CREATE OR REPLACE VIEW output AS
SELECT first + d AS day, artist_id, track_id, CAST(ceil(plays * share) AS BIGINT) AS plays, CAST(ceil(plays * share) AS BIGINT) * 180000 AS ms_played
FROM stretch, catalogue, unnest(range(days)) AS u(i), LATERAL (SELECT CAST(i AS INTEGER) AS d)
WHERE hash(track_id, d, salt) % 1000000 < 1000000 * chance * share
