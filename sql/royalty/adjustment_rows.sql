-- The rows that royalty_adjustments gains. What waits is not among them.
-- Grain: one row a posted period, origin period, cause and key. Units: listens; minor units, signed.
-- Relations: differences, postings. Parameters: $1 the cause of what waits.
CREATE TABLE adjustment_rows AS
SELECT p.open_period AS posted_period, d.period AS origin_period, d.kind, d.artist_id, d.track_id, d.country, d.tier, d.currency, d.party, d.role,
  d.listens, d.qualified_listens, d.amount_minor, d.cause, p.run_id, p.posted_at,
  CASE d.cause WHEN 'deletions' THEN p.subjects END AS subjects_through
FROM differences d JOIN postings p USING (period) WHERE d.cause <> $1
