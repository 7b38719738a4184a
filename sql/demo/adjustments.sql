-- What was posted of a closed period since. Grain: one posted period and cause. Units: rows of lines and payouts;
-- listens; minor units, signed.
-- Relations: adjustments (royalty_adjustments). Parameters: $1 origin period.
SELECT cause, posted_period, count(*),
  CAST(coalesce(sum(listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT), CAST(coalesce(sum(qualified_listens) FILTER (WHERE kind = 'line'), 0) AS BIGINT),
  CAST(coalesce(sum(amount_minor) FILTER (WHERE kind = 'payout'), 0) AS BIGINT)
FROM adjustments WHERE origin_period = $1
GROUP BY cause, posted_period ORDER BY cause DESC, posted_period
