-- Shares of a closed period as published, with the differences posted since. Grain: one party's share of a payout.
-- Units: minor units. Relations: main.closed_shares, main.adjustments (royalty_adjustments). Parameters: $1 period.
CREATE TABLE full_shares AS
SELECT $1 AS period, country, tier, currency, artist_id, track_id, party, role, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
FROM (
  SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM main.closed_shares WHERE period = $1
  UNION ALL
  SELECT country, tier, currency, artist_id, track_id, party, role, amount_minor FROM main.adjustments WHERE kind = 'share' AND origin_period = $1)
GROUP BY country, tier, currency, artist_id, track_id, party, role HAVING sum(amount_minor) <> 0
