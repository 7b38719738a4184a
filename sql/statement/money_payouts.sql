-- What tracks earned in a period, and what was posted to it for earlier ones. Several postings of one key and cause are
-- one row.
-- Grain: one share of a pool; or one pool, track, origin period and cause. Units: minor units of the currency.
-- Relations: payouts (royalty_payouts of the period), adjustments (royalty_adjustments posted to it). Parameters: $1
-- period.
CREATE TABLE money AS
SELECT 'payout' AS kind, $1::VARCHAR AS origin_period, artist_id, track_id, country, tier, currency, '' AS party, '' AS role,
  NULL::BIGINT AS listens, qualified_listens, amount_minor, '' AS cause
FROM payouts
UNION ALL
SELECT 'adjustment', origin_period, artist_id, track_id, country, tier, currency, '', '',
  CAST(sum(listens) AS BIGINT), CAST(sum(qualified_listens) AS BIGINT), CAST(sum(amount_minor) AS BIGINT), coalesce(cause, '') AS cause
FROM adjustments WHERE kind = 'payout'
GROUP BY origin_period, artist_id, track_id, country, tier, currency, coalesce(cause, '')
