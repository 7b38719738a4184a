-- Differences of earlier periods that were posted to a period, those of money. Grain: one posted row. Units: minor units of the
-- currency and listens, signed. Relations: statement_adjustments (royalty_adjustments). Parameters: $1 posted period.
SELECT origin_period, kind, cause, artist_id, track_id, country, tier, currency, coalesce(party, ''), coalesce(role, ''),
  coalesce(listens, 0), coalesce(qualified_listens, 0), coalesce(amount_minor, 0)
FROM statement_adjustments
WHERE posted_period = $1 AND kind <> 'line'
ORDER BY origin_period, kind, cause, artist_id, track_id, country, tier, currency, party, role, posted_at
