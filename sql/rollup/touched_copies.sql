-- How many copies of the touched artists count. Grain: one day. Relations: counted, scope (days).
SELECT CAST(make_timestamp(epoch_us(event_time)) AS DATE) AS day, count(*) FROM counted
WHERE CAST(make_timestamp(epoch_us(event_time)) AS DATE) IN (SELECT day FROM scope) GROUP BY ALL
