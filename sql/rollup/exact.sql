-- What counts in the days of scope: the ledger's rows, and the archive rows that the ledger does not account for
-- yet, copy by copy. late is how many of the latter came late.
-- Grain: hour, artist_id, track_id, country, device. Units: ms_played in milliseconds.
-- Parameters: $1 every day instead of scope. Relations: counted (files of listens_counted), uncovered (archive
-- files that the ledger does not cover), scope (days).
CREATE TABLE exact AS
SELECT hour, artist_id, track_id, country, device,
  CAST(count(*) AS BIGINT) AS plays, CAST(sum(ms_played) AS BIGINT) AS ms_played,
  CAST(count(*) FILTER (WHERE late) AS BIGINT) AS late
FROM (
  SELECT date_trunc('hour', event_time) AS hour, artist_id, track_id, country, device, ms_played, false AS late
  FROM counted
  UNION ALL
  SELECT date_trunc('hour', event_time), artist_id, track_id, country, device, ms_played, late(event_time, received_time)
  FROM uncovered
)
WHERE $1 OR CAST(hour AS DATE) IN (SELECT day FROM scope)
GROUP BY ALL
