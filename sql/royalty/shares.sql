-- The shares with their payouts' keys. Grain: one party of a payout in one role. Units: minor units of the currency.
-- Relations: shares_paid, shares_parts.
CREATE OR REPLACE TABLE shares_out AS
SELECT period, country, tier, currency, artist_id, track_id, party, role, s.amount_minor
FROM shares_parts s JOIN shares_paid USING (payout)
