-- Royalty lines of one period in the order of the checksum: the published ones, and what changed in them since.
-- Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: lines, published_month (the period's royalty_lines), line_changes.
-- Parameters: $1 the period, $2 the ledger's snapshot id that its published lines count.
INSERT INTO lines
SELECT $1 AS period, * FROM (
  SELECT artist_id, track_id, country, tier,
    CAST(sum(listens) AS BIGINT) AS listens,
    CAST(sum(qualified_listens) AS BIGINT) AS qualified_listens
  FROM (
    SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM published_month
    UNION ALL
    SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM line_changes WHERE base = $2 AND period = $1)
  GROUP BY artist_id, track_id, country, tier
  HAVING sum(listens) <> 0 OR sum(qualified_listens) <> 0
  ORDER BY artist_id, track_id, country, tier)
