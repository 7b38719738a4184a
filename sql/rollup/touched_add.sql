-- Adds the artists of rows that one commit added to the ledger or took from it. Grain: day, artist_id.
-- Relations: touched, ledger_rows (rows of listens_counted), scope (the exact days).
INSERT INTO touched
SELECT DISTINCT CAST(make_timestamp(epoch_us(event_time)) AS DATE) AS day, artist_id
FROM ledger_rows WHERE CAST(make_timestamp(epoch_us(event_time)) AS DATE) IN (SELECT day FROM scope)
