-- Royalty lines of one period in the order of the checksum, as they are published.
-- Grain: one row a (period, artist_id, track_id, country, tier). Units: listens.
-- Relations: lines, published_month (the period's royalty_lines). Parameters: $1 the period.
INSERT INTO lines
SELECT $1 AS period, * FROM (
  SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM published_month
  ORDER BY artist_id, track_id, country, tier)
