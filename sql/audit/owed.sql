-- The shares, those first in each pool that get one of the units which whole shares leave over: the largest remainder,
-- then bytewise by artist and track. Beside each what was paid; NULL when nothing was.
-- Grain: one pool, artist and track. Units: minor units, qualified listens. Relations: shares, paid.
SELECT s.country, s.tier, s.currency, s.amount_minor, CAST(s.weight AS BIGINT) AS weight, CAST(s.whole AS BIGINT) AS whole,
  p.qualified_listens AS paid_for, p.amount_minor AS paid_minor
FROM shares s LEFT JOIN paid p USING (country, tier, currency, artist_id, track_id)
ORDER BY s.country, s.tier, s.currency, s.remainder DESC, s.artist_id, s.track_id
