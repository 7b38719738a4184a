-- How many rows listens_counted gains of each day. Grain: one day, numbered since 1970. Relations: ledger_inserts.
SELECT CAST(make_timestamp(epoch_us(event_time)) AS DATE) - DATE '1970-01-01' AS day, count(*) AS rows FROM ledger_inserts GROUP BY day
