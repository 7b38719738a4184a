-- Each pool shared over the qualified listens it covers, per (artist_id, track_id), largest remainder first,
-- ties by (artist_id, track_id) bytewise. Integers only: HUGEINT // and % are exact.
-- Grain: one row a pool, artist and track. Units: minor units of the pool's currency.
-- Relations: lines, pools (period, country, tier, currency, amount_minor; '*' = any).
CREATE OR REPLACE TABLE payouts AS
WITH earned AS (
  SELECT p.period, p.country, p.tier, p.currency, p.amount_minor, l.artist_id, l.track_id,
    CAST(sum(l.qualified_listens) AS HUGEINT) AS n
  FROM pools p JOIN lines l
    ON l.period = p.period AND (p.country = '*' OR p.country = l.country) AND (p.tier = '*' OR p.tier = l.tier)
  WHERE l.qualified_listens > 0
  GROUP BY ALL
), shared AS (
  SELECT *, sum(n) OVER pool AS total,
    (amount_minor::HUGEINT * n) // sum(n) OVER pool AS base,
    (amount_minor::HUGEINT * n) % sum(n) OVER pool AS remainder
  FROM earned
  WINDOW pool AS (PARTITION BY period, country, tier, currency)
), ranked AS (
  SELECT *, amount_minor - sum(base) OVER (PARTITION BY period, country, tier, currency) AS left_over,
    row_number() OVER (PARTITION BY period, country, tier, currency ORDER BY remainder DESC, artist_id, track_id) AS place
  FROM shared
)
SELECT period, country, tier, currency, artist_id, track_id, CAST(n AS BIGINT) AS qualified_listens,
  CAST(base + CASE WHEN place <= left_over THEN 1 ELSE 0 END AS BIGINT) AS amount_minor
FROM ranked
