-- Each payout shared among its parties by weight, largest remainder first, ties by (party, role) bytewise. Integers
-- only: HUGEINT // and % are exact. By slices of tracks, because window functions hold their rows in memory.
-- Grain: one party of a payout in one role. Units: minor units of the pool's currency.
-- Relations: shares_weights, shares_out (this is added to it). Parameters: $1 slices, $2 the number of this one from 0.
INSERT INTO shares_out
WITH shared AS (
  SELECT *, (CAST(amount_minor AS HUGEINT) * weight) // (CAST(qualified_listens AS HUGEINT) * 10000) AS base,
    (CAST(amount_minor AS HUGEINT) * weight) % (CAST(qualified_listens AS HUGEINT) * 10000) AS remainder
  FROM shares_weights
  WHERE hash(track_id) % CAST($1 AS UBIGINT) = CAST($2 AS UBIGINT)
), ranked AS (
  SELECT *, amount_minor - sum(base) OVER payout AS left_over,
    row_number() OVER (PARTITION BY period, country, tier, currency, artist_id, track_id ORDER BY remainder DESC, party, role) AS place
  FROM shared
  WINDOW payout AS (PARTITION BY period, country, tier, currency, artist_id, track_id)
)
SELECT period, country, tier, currency, artist_id, track_id, party, role,
  CAST(base + CASE WHEN place <= left_over THEN 1 ELSE 0 END AS BIGINT) AS amount_minor
FROM ranked
