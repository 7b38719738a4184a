-- The payouts that have parties to share them, numbered: six texts are a slow key. Grain: one payout.
-- Units: minor units of the pool's currency. Relations: shares_payouts (payouts), shares_terms.
CREATE OR REPLACE TABLE shares_paid AS
SELECT row_number() OVER () AS payout, period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor
FROM shares_payouts SEMI JOIN shares_terms USING (period, track_id)
