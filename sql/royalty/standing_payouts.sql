-- Payouts of a closed period as published, with the differences posted since. Grain: one track's share of one pool.
-- Units: minor units. Relations: main.closed_payouts, main.adjustments (royalty_adjustments). Parameters: $1 period.
CREATE TABLE payouts AS
SELECT $1 AS period, country, tier, currency, artist_id, track_id,
  CAST(sum(qualified_listens) AS BIGINT) AS qualified_listens, CAST(sum(amount_minor) AS BIGINT) AS amount_minor
FROM (
  SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM main.closed_payouts WHERE period = $1
  UNION ALL
  SELECT country, tier, currency, artist_id, track_id, qualified_listens, amount_minor FROM main.adjustments WHERE kind = 'payout' AND origin_period = $1)
GROUP BY country, tier, currency, artist_id, track_id HAVING sum(qualified_listens) <> 0 OR sum(amount_minor) <> 0
