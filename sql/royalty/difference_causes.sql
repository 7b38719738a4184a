-- What each cause changed in all. Grain: one cause. Units: lines, payouts and shares that it changed; listens, signed.
-- Relations: differences.
SELECT cause, count(*) FILTER (WHERE kind = 'line') AS lines,
  CAST(coalesce(sum(d.listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT) AS listens,
  CAST(coalesce(sum(d.qualified_listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT) AS qualified_listens,
  count(*) FILTER (WHERE kind = 'payout') AS payouts, count(*) FILTER (WHERE kind = 'share') AS shares
FROM differences d GROUP BY cause ORDER BY cause
