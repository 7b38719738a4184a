-- Periods whose computed payouts are not what royalty_payouts has. Grain: one period. Relations: payouts,
-- published_payouts.
SELECT DISTINCT period FROM (
  (SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM payouts
   EXCEPT ALL SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM published_payouts)
  UNION ALL
  (SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM published_payouts
   EXCEPT ALL SELECT period, country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM payouts))
