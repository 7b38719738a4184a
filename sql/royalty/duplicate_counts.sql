-- Copies that did not count, by the month of the copy's own event time. Grain: one row a period.
-- Units: copies. Relations: duplicates. Days come first: to name the month of each copy takes longer than all else.
-- Days are counted from 0001-01-01, since // rounds towards zero and event times before 1970 are below it.
WITH days AS (
  SELECT (epoch_us(event_time) + 62135596800000000) // 86400000000 AS day, count(*) AS duplicates,
    count(*) FILTER (WHERE payload_conflict) AS payload_conflicts, count(*) FILTER (WHERE other_user) AS other_users
  FROM duplicates GROUP BY 1
)
SELECT strftime(DATE '0001-01-01' + CAST(day AS INTEGER), '%Y-%m') AS period, CAST(sum(duplicates) AS BIGINT) AS duplicates,
  CAST(sum(payload_conflicts) AS BIGINT) AS payload_conflicts, CAST(sum(other_users) AS BIGINT) AS other_users
FROM days GROUP BY 1
