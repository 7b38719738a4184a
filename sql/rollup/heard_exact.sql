-- What counts in the days of scope: the ledger's rows, and the archive rows that the ledger does not account for yet,
-- copy by copy. late is told of the latter only; beyond are the latter. Grain: one copy. Units: ms_played in
-- milliseconds; listener is a keyed hash. Parameters: $1 key of the hash. Relations: counted (files of
-- listens_counted), uncovered (archive files that the ledger does not cover), scope (days).
CREATE OR REPLACE TABLE heard AS
SELECT date_trunc('hour', make_timestamp(epoch_us(event_time))) AS hour, artist_id, track_id, country, device,
  CAST(ms_played AS BIGINT) AS ms_played, listener($1, user_id) AS listener, late, beyond
FROM (
  SELECT event_time, artist_id, track_id, country, device, ms_played, user_id, false AS late, false AS beyond FROM counted
  UNION ALL
  SELECT event_time, artist_id, track_id, country, device, ms_played, user_id, late(event_time, received_time), true FROM uncovered
)
WHERE CAST(make_timestamp(epoch_us(event_time)) AS DATE) IN (SELECT day FROM scope)
