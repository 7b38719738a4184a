-- Keeps who was published to get what of the payouts of one closed period (see full_shares). Grain: one party of a
-- payout in one role.
-- Units: minor units. Relations: published_payouts, published_shares.
INSERT INTO closed_shares
SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM published_shares
UNION ALL
SELECT period, country, tier, currency, artist_id, track_id, artist_id, 'artist', amount_minor
FROM published_payouts ANTI JOIN published_shares USING (period, country, tier, currency, artist_id, track_id)
