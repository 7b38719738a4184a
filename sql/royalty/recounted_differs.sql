-- How many lines of a period a recount by Trino gives otherwise than they are published: what recount_differs.sql says,
-- of lines instead of listens.
-- Grain: one row. Units: lines. Parameters: $1 the period. Relations: recounted, published_month (its royalty_lines).
SELECT count(*) FROM (
  SELECT artist_id, track_id, country, tier
  FROM (
    SELECT artist_id, track_id, country, tier, listens, qualified_listens FROM recounted WHERE period = $1
    UNION ALL
    SELECT artist_id, track_id, country, tier, -listens, -qualified_listens FROM published_month)
  GROUP BY artist_id, track_id, country, tier
  HAVING sum(listens) <> 0 OR sum(qualified_listens) <> 0)
