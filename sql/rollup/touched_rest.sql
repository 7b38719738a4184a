-- The other artists of days that are written anew as a whole: what stands, one row a key.
-- Grain: one key of the table. Units: ms_played in milliseconds. Parameters: $1 hashes of a sketch.
-- Relations: nothing, stood (files of the table), differs, scope (days), touched.
INSERT INTO rewritten BY NAME
SELECT hour, day, artist_id, track_id, country, device,
  CAST(sum(plays) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, united(list(listeners) FILTER (listeners IS NOT NULL), $1) AS listeners
FROM (
  SELECT * EXCLUDE (day), coalesce(day, CAST(make_timestamp(epoch_us(hour)) AS DATE)) AS day
  FROM (FROM nothing UNION ALL BY NAME FROM stood)
) s ANTI JOIN touched t ON s.day = t.day AND s.artist_id = t.artist_id
WHERE day IN (SELECT day FROM differs) AND day IN (SELECT day FROM scope)
GROUP BY hour, day, artist_id, track_id, country, device
