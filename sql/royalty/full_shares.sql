-- Who gets what of every payout: the shares, and payouts without any whole for their artist. Grain: one party of a
-- payout in one role. Units: minor units of the currency. Relations: payouts, shares.
CREATE OR REPLACE VIEW full_shares AS
SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM shares
UNION ALL
SELECT period, country, tier, currency, artist_id, track_id, artist_id, 'artist', amount_minor
FROM payouts ANTI JOIN shares USING (period, country, tier, currency, artist_id, track_id)
