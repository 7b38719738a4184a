-- Rows of a table that deletion requests cover which are carried out, or under way. A time that is missing is replaced
-- as in erase/find_quarantine. A request whose user is wiped covers nothing here: no snapshot with such rows is left.
-- Grain: one row. Units: microseconds since 1970. Relations: copies (the table, as it was), requests
-- (deletion_requests), log (deletion_log).
WITH begun AS (
  SELECT DISTINCT source_topic, source_partition, source_offset FROM log WHERE state IN ('located', 'rows_deleted', 'recomputed', 'purged')
),
wanted AS (
  SELECT user_id, coalesce(epoch_us("from"), -9223372036854775808) AS from_us, epoch_us(received_time) AS request_us,
    CASE WHEN "to" <= received_time THEN epoch_us("to") END AS to_us
  FROM requests SEMI JOIN begun USING (source_topic, source_partition, source_offset) WHERE user_id <> ''
),
timed AS (
  SELECT _file, _pos, user_id, epoch_us(coalesce(event_time, received_time)) AS at_us, epoch_us(received_time) AS received_us FROM copies
)
SELECT DISTINCT t._file, t._pos
FROM timed t JOIN wanted w USING (user_id)
WHERE coalesce(t.at_us, w.from_us) >= w.from_us
  AND CASE WHEN w.to_us IS NULL THEN coalesce(t.at_us, w.from_us) < w.request_us OR t.received_us <= w.request_us
    ELSE coalesce(t.at_us, w.from_us) < w.to_us END
ORDER BY ALL
