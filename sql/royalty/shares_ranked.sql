-- Each payout shared among its parties by weight, largest remainder first, ties by (party, role) bytewise. Integers
-- only: HUGEINT // and % are exact. By slices of payouts, because window functions hold their rows in memory.
-- Grain: one party of a payout in one role. Units: minor units of the pool's currency.
-- Relations: shares_paid, shares_weights, shares_parts (this is added to it).
-- Parameters: $1 slices, $2 the number of this one from 0.
INSERT INTO shares_parts
WITH shared AS (
  SELECT payout, party, role, amount_minor,
    (CAST(amount_minor AS HUGEINT) * weight) // (CAST(qualified_listens AS HUGEINT) * 10000) AS base,
    (CAST(amount_minor AS HUGEINT) * weight) % (CAST(qualified_listens AS HUGEINT) * 10000) AS remainder
  FROM shares_weights JOIN shares_paid USING (payout)
  WHERE payout % $1::BIGINT = $2::BIGINT
), ranked AS (
  SELECT payout, party, role, base, amount_minor - sum(base) OVER (PARTITION BY payout) AS left_over,
    row_number() OVER (PARTITION BY payout ORDER BY remainder DESC, party, role) AS place
  FROM shared
)
SELECT payout, party, role, CAST(base + CASE WHEN place <= left_over THEN 1 ELSE 0 END AS BIGINT)
FROM ranked
