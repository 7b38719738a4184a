-- What differs between the shares of parties in two statements of a period. Grain: one party's share of a payout.
-- Units: minor units, signed. Relations: before_full_shares, after_full_shares, differences. Parameters: $1 period, $2
-- cause.
INSERT INTO main.differences
SELECT $1, 'share', $2, artist_id, track_id, country, tier, currency, party, role, NULL, NULL, CAST(sum(a) AS BIGINT)
FROM (
  SELECT artist_id, track_id, country, tier, currency, party, role, amount_minor AS a FROM after_full_shares
  UNION ALL
  SELECT artist_id, track_id, country, tier, currency, party, role, -amount_minor FROM before_full_shares)
GROUP BY artist_id, track_id, country, tier, currency, party, role HAVING sum(a) <> 0
