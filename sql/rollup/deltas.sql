-- What the new archive rows add to the table: every copy counts. late is how many of them came late.
-- Grain: hour, artist_id, track_id, country, device. Units: ms_played in milliseconds.
-- Relations: fresh (archive files that the table does not include yet, row deletes applied).
CREATE TABLE deltas AS
SELECT date_trunc('hour', event_time) AS hour, artist_id, track_id, country, device,
  CAST(count(*) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played,
  CAST(count(*) FILTER (WHERE late(event_time, received_time)) AS BIGINT) AS late
FROM fresh GROUP BY ALL
