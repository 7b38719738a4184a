-- Rows of several files of a table, one a key. Grain: one key of the table. Units: ms_played in milliseconds.
-- Parameters: $1 hashes of a sketch. Relations: nothing, merging (files of the table).
CREATE OR REPLACE TABLE merged AS
SELECT hour, coalesce(day, CAST(make_timestamp(epoch_us(hour)) AS DATE)) AS day, artist_id, track_id, country, device,
  CAST(sum(plays) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played, united(list(listeners) FILTER (listeners IS NOT NULL), $1) AS listeners
FROM (FROM nothing UNION ALL BY NAME FROM merging)
GROUP BY ALL
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0 OR sum(plays) IS NULL
