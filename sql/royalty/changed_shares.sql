-- Periods whose computed shares are not what royalty_shares has. Grain: one period. Relations: shares,
-- published_shares.
SELECT DISTINCT period FROM (
  (SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM shares
   EXCEPT ALL SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM published_shares)
  UNION ALL
  (SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM published_shares
   EXCEPT ALL SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor FROM shares))
