-- Payouts of tracks with splits whose shares do not sum to them, or whose parties' weights are not those of its
-- listens: must be none. Grain: one payout. Units: minor units, listens.
-- Relations: shares_payouts (payouts), shares_terms, shares_weights, shares_out.
WITH split AS (
  SELECT DISTINCT period, track_id FROM shares_terms
), shared AS (
  SELECT period, country, tier, currency, artist_id, track_id, sum(amount_minor) AS amount
  FROM shares_out GROUP BY ALL
), weighed AS (
  SELECT period, country, tier, currency, artist_id, track_id, sum(weight) AS weight
  FROM shares_weights GROUP BY ALL
)
SELECT p.period, p.country, p.tier, p.currency, p.artist_id, p.track_id, p.amount_minor, CAST(coalesce(amount, 0) AS BIGINT),
  p.qualified_listens, CAST(coalesce(weight, 0) // 10000 AS BIGINT)
FROM shares_payouts p SEMI JOIN split USING (period, track_id)
  LEFT JOIN shared USING (period, country, tier, currency, artist_id, track_id)
  LEFT JOIN weighed USING (period, country, tier, currency, artist_id, track_id)
WHERE amount IS DISTINCT FROM p.amount_minor OR weight IS DISTINCT FROM CAST(p.qualified_listens AS HUGEINT) * 10000
