-- What differs between the payouts of two statements of a period. Grain: one track's share of one pool.
-- Units: minor units and listens, signed. Relations: before_payouts, after_payouts, differences.
-- Parameters: $1 period, $2 cause.
INSERT INTO main.differences
SELECT $1, 'payout', $2, artist_id, track_id, country, tier, currency, NULL, NULL, NULL, CAST(sum(q) AS BIGINT), CAST(sum(a) AS BIGINT)
FROM (
  SELECT artist_id, track_id, country, tier, currency, qualified_listens AS q, amount_minor AS a FROM after_payouts
  UNION ALL
  SELECT artist_id, track_id, country, tier, currency, -qualified_listens, -amount_minor FROM before_payouts)
GROUP BY artist_id, track_id, country, tier, currency HAVING sum(q) <> 0 OR sum(a) <> 0
