-- How many rows of a month each person's requests took from the ledger, of people whom nothing else shows, most first.
-- A request that an earlier version carried out does not say: it may be about any number. Grain: one person. Units:
-- rows.
-- Relations: located_log (deletion_log), located_requests (deletion_requests), main.seen. Parameters: $1 period, $2
-- since when.
SELECT CAST(least(sum(coalesce(
    list_sum([CAST(split_part(x, ':', 2) AS BIGINT) FOR x IN string_split(l.ledger_rows, ',') IF split_part(x, ':', 1) = $1]),
    CASE WHEN l.ledger_rows IS NULL THEN 1::BIGINT << 40 END, 0)), 1::BIGINT << 50) AS BIGINT) AS n
FROM located_log l JOIN located_requests r USING (source_topic, source_partition, source_offset)
WHERE l.state = 'rows_deleted' AND l.listens_counted > 0 AND l."at" >= $2 AND list_contains(string_split(l.periods, ','), $1)
  AND r.subject NOT IN (SELECT subject FROM main.seen WHERE subject IS NOT NULL)
GROUP BY r.subject HAVING n > 0 ORDER BY n DESC
