-- Adds rows of plays_by_hour. Grain: hour, artist_id, track_id, country, device. Units: ms_played in milliseconds.
-- Parameters: $1 first day that is kept, $2 hashes of a sketch. Relations: heard.
INSERT INTO plays_by_hour BY NAME
SELECT make_timestamptz(epoch_us(hour)) AS hour, CAST(hour AS DATE) AS day, artist_id, track_id, country, device, plays, ms_played,
  few(hashes, $2) AS listeners
FROM (
  SELECT hour, artist_id, track_id, country, device,
    count(*) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, list(listener) AS hashes
  FROM heard WHERE CAST(hour AS DATE) >= $1 GROUP BY ALL
)
