-- Periods whose computed lines are not what royalty_lines has. Sums tell most of them; only where these agree are
-- lines compared one by one. As many of them, each of which is there, is all of them.
-- Grain: one period. Relations: lines, published_lines.
WITH sums AS (
  SELECT period, count(*) AS n, sum(listens) AS listens, sum(qualified_listens) AS qualified FROM lines GROUP BY period
  UNION ALL
  SELECT period, count(*), sum(listens), sum(qualified_listens) FROM published_lines GROUP BY period
), differ AS MATERIALIZED (
  SELECT DISTINCT period FROM sums GROUP BY period, n, listens, qualified HAVING count(*) = 1
)
SELECT period FROM differ
UNION
SELECT l.period
FROM (FROM lines ANTI JOIN differ USING (period)) l
ANTI JOIN (FROM published_lines ANTI JOIN differ USING (period)) p
  USING (period, artist_id, track_id, country, tier, listens, qualified_listens)
