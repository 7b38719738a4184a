-- The rows that royalty_adjustments gains. Differences by deletions of a period are one batch: with what was held back
-- of it, and held back again or posted as a whole. When one moves, all that is held back is written anew.
-- Grain: one row a posted period, origin period, cause and key. Units: listens; minor units, signed.
-- Relations: differences, postings, moving, adjustments (royalty_adjustments). Parameters: $1 the posted period of what is held back.
CREATE TABLE adjustment_rows AS
WITH batch AS (
  SELECT d.* FROM differences d WHERE cause = 'deletions'
  UNION ALL
  SELECT a.origin_period, a.kind, a.cause, a.artist_id, a.track_id, a.country, a.tier, a.currency, a.party, a.role, a.listens, a.qualified_listens, a.amount_minor
  FROM adjustments a WHERE a.posted_period = $1 AND a.origin_period IN (SELECT period FROM moving)
), summed AS (
  SELECT period, kind, cause, artist_id, track_id, country, tier, currency, party, role,
    CAST(sum(listens) AS BIGINT) AS listens, CAST(sum(qualified_listens) AS BIGINT) AS qualified_listens, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
  FROM batch GROUP BY period, kind, cause, artist_id, track_id, country, tier, currency, party, role
)
SELECT p.open_period AS posted_period, d.period AS origin_period, d.kind, d.artist_id, d.track_id, d.country, d.tier, d.currency, d.party, d.role,
  d.listens, d.qualified_listens, d.amount_minor, d.cause, p.run_id, p.posted_at, CAST(NULL AS BIGINT) AS subjects_through
FROM differences d JOIN postings p USING (period) WHERE d.cause <> 'deletions'
UNION ALL
SELECT p.batch_period, s.period, s.kind, s.artist_id, s.track_id, s.country, s.tier, s.currency, s.party, s.role,
  s.listens, s.qualified_listens, s.amount_minor, s.cause, p.run_id, p.posted_at, p.subjects
FROM summed s JOIN postings p USING (period)
WHERE coalesce(s.listens, 0) <> 0 OR coalesce(s.qualified_listens, 0) <> 0 OR coalesce(s.amount_minor, 0) <> 0
UNION ALL
SELECT posted_period, origin_period, kind, artist_id, track_id, country, tier, currency, party, role,
  listens, qualified_listens, amount_minor, cause, run_id, posted_at, subjects_through
FROM adjustments
WHERE posted_period = $1 AND EXISTS (SELECT 1 FROM moving)
  AND origin_period NOT IN (SELECT period FROM moving)
