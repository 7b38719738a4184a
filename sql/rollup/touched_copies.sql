-- How many copies of the touched artists count. Grain: one day. Relations: counted_touched.
SELECT CAST(make_timestamp(epoch_us(event_time)) AS DATE) AS day, count(*) FROM counted_touched GROUP BY ALL
