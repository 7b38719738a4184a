-- Periods whose computed payouts are not what royalty_payouts has; compared as in changed_lines.sql.
-- Grain: one period. Relations: payouts, published_payouts.
WITH sums AS (
  SELECT period, count(*) AS n, sum(qualified_listens) AS qualified, sum(amount_minor) AS amount FROM payouts GROUP BY period
  UNION ALL
  SELECT period, count(*), sum(qualified_listens), sum(amount_minor) FROM published_payouts GROUP BY period
), differ AS MATERIALIZED (
  SELECT DISTINCT period FROM sums GROUP BY period, n, qualified, amount HAVING count(*) = 1
)
SELECT period FROM differ
UNION
SELECT o.period
FROM (FROM payouts ANTI JOIN differ USING (period)) o
ANTI JOIN (FROM published_payouts ANTI JOIN differ USING (period)) p
  USING (period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor)
