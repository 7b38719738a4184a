-- What each cause changed in all. Grain: one cause. Units: lines, payouts and shares that it changed; listens, signed.
-- Relations: differences.
SELECT cause, count(*) FILTER (WHERE kind = 'line'),
  CAST(coalesce(sum(listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT), CAST(coalesce(sum(qualified_listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT),
  count(*) FILTER (WHERE kind = 'payout'), count(*) FILTER (WHERE kind = 'share')
FROM differences GROUP BY cause ORDER BY cause
