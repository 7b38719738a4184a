-- Copies that did not count, by the month of the copy's own event time. Grain: one row a period.
-- Units: copies. Relations: duplicates.
SELECT strftime(event_time, '%Y-%m') AS period, CAST(count(*) AS BIGINT) AS duplicates,
  CAST(count(*) FILTER (WHERE payload_conflict) AS BIGINT) AS payload_conflicts, CAST(count(*) FILTER (WHERE other_user) AS BIGINT) AS other_users
FROM duplicates GROUP BY 1
