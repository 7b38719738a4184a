-- Keeps the published payouts of one closed period. Grain: one share of a pool. Relations: published_payouts.
INSERT INTO closed_payouts
SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM published_payouts
