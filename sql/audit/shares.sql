-- What each artist and track earned of each pool: its weight, and what is left of dividing amount * weight by the sum
-- of the pool's weights. HUGEINT holds every product. Grain: one pool, artist and track. Units: qualified listens.
-- Relations: due (lines), pools.
CREATE TABLE shares AS
WITH earned AS (
  SELECT p.country, p.tier, p.currency, p.amount_minor, d.artist_id, d.track_id, CAST(sum(d.qualified_listens) AS HUGEINT) AS weight
  FROM due d JOIN pools p ON p.country IN ('*', d.country) AND p.tier IN ('*', d.tier)
  WHERE d.qualified_listens > 0
  GROUP BY ALL
), wholes AS (
  SELECT country, tier, currency, CAST(sum(weight) AS HUGEINT) AS whole FROM earned GROUP BY ALL
)
SELECT e.*, w.whole, CAST(e.amount_minor AS HUGEINT) * e.weight % w.whole AS remainder
FROM earned e JOIN wholes w USING (country, tier, currency)
