-- Keys of closed periods whose published figures and adjustments, the new ones among them, with what waits do not come
-- to what was computed: must be none. Grain: one period and kind. Relations: postings, closed_lines, closed_payouts,
-- closed_shares, lines, payouts, full_shares, adjustments (royalty_adjustments), adjustment_rows, differences.
-- Parameters: $1 the posted period of rows of an earlier version, $2 the cause of what waits.
WITH posted AS (
  SELECT origin_period AS period, kind, artist_id, track_id, country, tier, currency, party, role, listens, qualified_listens, amount_minor
  FROM adjustments
  WHERE posted_period <> $1
  UNION ALL
  SELECT origin_period, kind, artist_id, track_id, country, tier, currency, party, role, listens, qualified_listens, amount_minor FROM adjustment_rows
  UNION ALL
  SELECT period, kind, artist_id, track_id, country, tier, currency, party, role, listens, qualified_listens, amount_minor FROM differences WHERE cause = $2
), figures AS (
  SELECT * FROM posted
  UNION ALL
  SELECT period, 'line', artist_id, track_id, country, tier, NULL, NULL, NULL, listens, qualified_listens, NULL FROM closed_lines
  UNION ALL
  SELECT period, 'line', artist_id, track_id, country, tier, NULL, NULL, NULL, -listens, -qualified_listens, NULL FROM lines
  UNION ALL
  SELECT period, 'payout', artist_id, track_id, country, tier, currency, NULL, NULL, NULL, qualified_listens, amount_minor FROM closed_payouts
  UNION ALL
  SELECT period, 'payout', artist_id, track_id, country, tier, currency, NULL, NULL, NULL, -qualified_listens, -amount_minor FROM payouts
  UNION ALL
  SELECT period, 'share', artist_id, track_id, country, tier, currency, party, role, NULL, NULL, amount_minor FROM closed_shares
  UNION ALL
  SELECT period, 'share', artist_id, track_id, country, tier, currency, party, role, NULL, NULL, -amount_minor FROM full_shares
), unequal AS (
  SELECT period, kind FROM figures SEMI JOIN postings USING (period)
  GROUP BY period, kind, artist_id, track_id, country, tier, currency, party, role
  HAVING coalesce(sum(listens), 0) <> 0 OR coalesce(sum(qualified_listens), 0) <> 0 OR coalesce(sum(amount_minor), 0) <> 0
)
SELECT period, kind, count(*) FROM unequal GROUP BY period, kind ORDER BY ALL
