-- Differences of earlier periods that were posted to a period, those of money. Grain: one posted row. Units: minor
-- units of the currency and listens, signed. Relations: statement_adjustments (royalty_adjustments). Parameters: $1
-- posted period.
SELECT origin_period, kind, cause, artist_id, track_id, country, tier, currency, coalesce(party, '') AS party, coalesce(role, '') AS role,
  coalesce(listens, 0) AS listens, coalesce(qualified_listens, 0) AS qualified_listens, coalesce(amount_minor, 0) AS amount_minor
FROM statement_adjustments a
WHERE posted_period = $1 AND kind <> 'line'
ORDER BY origin_period, kind, cause, artist_id, track_id, country, tier, currency, a.party, a.role, posted_at
