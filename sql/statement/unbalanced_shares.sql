-- Tracks whose shares do not sum to their part of a pool, or that have shares in a pool that paid them nothing: must be
-- none.
-- Grain: one share of a pool. Units: minor units of the currency. Relations: payouts, shares.
SELECT artist_id, track_id, country, tier, currency, coalesce(any_value(p.amount_minor), 0) AS amount_minor,
  CAST(sum(s.amount_minor) AS BIGINT) AS shared_minor
FROM shares s LEFT JOIN payouts p USING (artist_id, track_id, country, tier, currency)
GROUP BY artist_id, track_id, country, tier, currency
HAVING count(p.amount_minor) = 0 OR sum(s.amount_minor) <> any_value(p.amount_minor)
ORDER BY artist_id, track_id, country, tier, currency
