-- Keeps the published shares of one closed period. Grain: one party's share. Relations: published_shares.
INSERT INTO closed_shares
SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM published_shares
