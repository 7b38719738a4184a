-- Keys of scope in which a table, new deltas included, is not what counts; with $1 also keys that have several rows.
-- Grain: one key. Units: plays and ms_played are what is to come to the sums. Parameters: $1 one row a key is wanted,
-- $2 hashes of a sketch. Relations: standing (rows of the table), deltas, exact, scope (days).
INSERT INTO differs
SELECT hour, day, artist_id, track_id, country, device,
  CAST(coalesce(-sum(plays), 0) AS BIGINT), CAST(coalesce(-sum(ms_played), 0) AS BIGINT)
FROM (
  SELECT hour, day, artist_id, track_id, country, device, plays, ms_played, listeners, 1 AS has FROM standing
  UNION ALL
  SELECT hour, day, artist_id, track_id, country, device, plays, ms_played, listeners, 1 FROM deltas
  WHERE day IN (SELECT day FROM scope)
  UNION ALL
  SELECT hour, day, artist_id, track_id, country, device, -plays, -ms_played, listeners, 0 FROM exact
)
GROUP BY hour, day, artist_id, track_id, country, device
HAVING sum(plays) <> 0 OR sum(ms_played) <> 0 OR ($1 AND sum(has) > 1) OR sum(1 - has) = 0
  OR any_value(listeners) FILTER (has = 0) IS DISTINCT FROM united(list(listeners) FILTER (has = 1 AND listeners IS NOT NULL), $2)
