-- Days of scope in which the table, new deltas included, differs from what counts in any key; with $2 also
-- days with several rows a key.
-- Grain: one day. Parameters: $1 every day instead of scope, $2 one row a key is wanted.
-- Relations: standing (files of plays_by_hour), deltas, exact, scope.
CREATE TABLE changed AS
SELECT DISTINCT CAST(hour AS DATE) AS day FROM (
  SELECT hour FROM (
    SELECT hour, artist_id, track_id, country, device, plays, ms_played, 1 AS has FROM standing
    UNION ALL SELECT hour, artist_id, track_id, country, device, plays, ms_played, 1 FROM deltas
    UNION ALL SELECT hour, artist_id, track_id, country, device, -plays, -ms_played, 0 FROM exact
  )
  WHERE $1 OR CAST(hour AS DATE) IN (SELECT day FROM scope)
  GROUP BY hour, artist_id, track_id, country, device
  HAVING sum(plays) <> 0 OR sum(ms_played) <> 0 OR ($2 AND sum(has) > 1)
)
