-- Adds rows of audience_by_day. Grain: day, artist_id, country, device. Units: ms_played in milliseconds.
-- Parameters: $1 hashes of a sketch. Relations: heard.
INSERT INTO audience_by_day BY NAME
SELECT day, artist_id, country, device, plays, ms_played, sketch(hashes, $1) AS listeners
FROM (
  SELECT CAST(hour AS DATE) AS day, artist_id, country, device,
    count(*) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, list(listener) AS hashes
  FROM heard GROUP BY ALL
)
