-- Periods whose computed shares are not what royalty_shares has: a row is more often in one of them. Grain: one period.
-- Relations: shares, published_shares.
SELECT DISTINCT period
FROM (
  SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor, 1 AS more FROM shares
  UNION ALL
  SELECT period, country, tier, currency, artist_id, track_id, party, role, amount_minor, -1 FROM published_shares)
GROUP BY period, country, tier, currency, artist_id, track_id, party, role, amount_minor
HAVING sum(more) <> 0
