-- How many rows some files of the ledger have of each day.
-- Grain: one day, numbered since 1970. Relations: inputs.
SELECT CAST(make_timestamp(epoch_us(event_time)) AS DATE) - DATE '1970-01-01' AS day, count(*) AS rows FROM inputs GROUP BY day
