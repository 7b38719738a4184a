-- Royalty lines of one period in the order of the checksum: the touched ones counted anew, the others as they are
-- published. Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: lines, published_month (the period's royalty_lines), touched_month (at least one line), judged_month (the
-- period's counted listens with the column qualifies). Parameters: $1 the period.
INSERT INTO lines
SELECT $1 AS period, * FROM (
  SELECT artist_id, track_id, country, tier, listens, qualified_listens
  FROM published_month ANTI JOIN touched_month USING (artist_id, track_id, country, tier)
  UNION ALL
  SELECT artist_id, track_id, country, tier,
    CAST(count(*) AS BIGINT) AS listens,
    CAST(count(*) FILTER (WHERE qualifies) AS BIGINT) AS qualified_listens
  FROM judged_month SEMI JOIN touched_month USING (artist_id, track_id, country, tier)
  GROUP BY artist_id, track_id, country, tier
  ORDER BY artist_id, track_id, country, tier)
