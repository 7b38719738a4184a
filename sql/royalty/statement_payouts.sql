-- Payouts of one period. Grain: one share of a pool. Units: minor units of the currency.
-- Relations: statement_payouts. Parameters: $1 period.
SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor
FROM statement_payouts WHERE period = $1
ORDER BY country, tier, currency, artist_id, track_id
