-- The same money by the parties that get it. A track without shares in a pool goes whole to its artist; so does a
-- correction of a track that had none in the period it corrects and was given none by a correction.
-- qualified_listens are those of the track in the pool, the same on the row of every party.
-- Grain: one party and role in one share of a pool; or that with origin period and cause. Units: minor units of the
-- currency.
-- Relations: payouts, shares (royalty_shares of the period), origin_shares (those of the periods it corrects),
-- adjustments.
-- Parameters: $1 period.
CREATE TABLE money AS
WITH split AS (
  SELECT period AS origin_period, artist_id, track_id, country, tier, currency FROM origin_shares
  UNION
  SELECT origin_period, artist_id, track_id, country, tier, currency FROM adjustments WHERE kind = 'share'
), posted AS (
  SELECT origin_period, artist_id, track_id, country, tier, currency, party, role, listens, qualified_listens, amount_minor, cause
  FROM adjustments WHERE kind = 'share'
  UNION ALL
  SELECT origin_period, artist_id, track_id, country, tier, currency, artist_id, 'artist', listens, qualified_listens, amount_minor, cause
  FROM adjustments ANTI JOIN split USING (origin_period, artist_id, track_id, country, tier, currency)
  WHERE kind = 'payout'
)
SELECT 'payout' AS kind, $1::VARCHAR AS origin_period, s.artist_id, s.track_id, s.country, s.tier, s.currency, s.party, s.role,
  NULL::BIGINT AS listens, any_value(p.qualified_listens) AS qualified_listens, CAST(sum(s.amount_minor) AS BIGINT) AS amount_minor, '' AS cause
FROM shares s LEFT JOIN payouts p USING (artist_id, track_id, country, tier, currency)
GROUP BY s.artist_id, s.track_id, s.country, s.tier, s.currency, s.party, s.role
UNION ALL
SELECT 'payout', $1::VARCHAR, artist_id, track_id, country, tier, currency, artist_id, 'artist', NULL, qualified_listens, amount_minor, ''
FROM payouts ANTI JOIN shares USING (artist_id, track_id, country, tier, currency)
UNION ALL
SELECT 'adjustment', origin_period, artist_id, track_id, country, tier, currency, party, role,
  CAST(sum(listens) AS BIGINT), CAST(sum(qualified_listens) AS BIGINT), CAST(sum(amount_minor) AS BIGINT), coalesce(cause, '') AS cause
FROM posted
GROUP BY origin_period, artist_id, track_id, country, tier, currency, party, role, coalesce(cause, '')
