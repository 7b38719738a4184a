-- Periods whose computed lines are not what royalty_lines has. Grain: one period. Relations: lines, published_lines.
SELECT DISTINCT period FROM (
  (SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM lines
   EXCEPT ALL SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM published_lines)
  UNION ALL
  (SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM published_lines
   EXCEPT ALL SELECT period, artist_id, track_id, country, tier, listens, qualified_listens FROM lines))
