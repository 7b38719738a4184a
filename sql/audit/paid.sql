-- The payouts that the run published. Grain: one share of a pool. Units: minor units. Parameters: $1 period.
-- Relations: run_payouts (royalty_payouts).
CREATE TABLE paid AS
SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM run_payouts WHERE period = $1
