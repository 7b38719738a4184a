-- Adds rows of listeners_by_day. Grain: day, artist_id, track_id; an empty track_id is all tracks of the artist
-- together. Parameters: $1 hashes of a sketch. Relations: heard.
INSERT INTO listeners_by_day BY NAME
SELECT day, artist_id, coalesce(track_id, '') AS track_id, sketch(hashes, $1) AS listeners
FROM (
  SELECT CAST(hour AS DATE) AS day, artist_id, track_id, list(listener) AS hashes
  FROM heard GROUP BY GROUPING SETS ((day, artist_id, track_id), (day, artist_id))
)
