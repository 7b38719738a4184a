-- Payouts of tracks with splits whose shares do not sum to them, or whose parties' weights are not those of its
-- listens: must be none. Grain: one payout. Units: minor units, listens.
-- Relations: shares_paid, shares_weights, shares_parts.
WITH shared AS (
  SELECT payout, sum(amount_minor) AS amount FROM shares_parts GROUP BY payout
), weighed AS (
  SELECT payout, sum(weight) AS weight FROM shares_weights GROUP BY payout
)
SELECT period, country, tier, currency, artist_id, track_id, amount_minor, CAST(coalesce(amount, 0) AS BIGINT) AS shared_minor,
  qualified_listens, CAST(coalesce(weight, 0) // 10000 AS BIGINT) AS listens_weighed
FROM shares_paid LEFT JOIN shared USING (payout) LEFT JOIN weighed USING (payout)
WHERE amount IS DISTINCT FROM amount_minor OR weight IS DISTINCT FROM CAST(qualified_listens AS HUGEINT) * 10000
