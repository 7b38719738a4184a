-- Archive rows behind the deltas, and deltas that are appended. Grain: one row. Relations: deltas, changed.
SELECT CAST(coalesce(sum(plays), 0) AS BIGINT),
  count(*) FILTER (WHERE CAST(hour AS DATE) NOT IN (SELECT day FROM changed))
FROM deltas
